//! `#[invariant(condition)]` and `#[invariant(condition, "what it means")]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Token};

use super::attrs::AggregateInput;
use crate::diagnostics::Diagnostics;
use crate::input;
use crate::text;

/// What must hold after every event.
pub(super) struct Invariant {
    condition: Expr,
    meaning: Option<LitStr>,
}

const INVARIANT: &str =
    "an invariant says what must hold of the state after every event: `#[invariant(state.balance >= 0)]`";

impl Invariant {
    /// Those of an aggregate, without mistakes, which are reported.
    pub(super) fn all(attrs: &[Attribute], diagnostics: &Diagnostics) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("invariant")) {
            let Some(invariant) = diagnostics.ok(Self::of(attr)) else { continue };
            if all.iter().any(|earlier| earlier.text() == invariant.text()) {
                diagnostics.error(&invariant.condition, "this invariant is declared twice; remove one of them");
            } else {
                all.push(invariant);
            }
        }
        all
    }

    fn of(attr: &Attribute) -> syn::Result<Self> {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => list.parse_args(),
            meta => Err(syn::Error::new_spanned(meta, INVARIANT)),
        }
    }

    fn text(&self) -> String {
        text::source(self.condition.to_token_stream())
    }
}

impl Parse for Invariant {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let condition: Expr = input.parse()?;
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &condition {
            return Err(syn::Error::new_spanned(text, INVARIANT));
        }
        if !mentions(&condition, "state") {
            let message = if mentions(&condition, "self") {
                "an invariant sees the aggregate as `state`, not as `self`"
            } else {
                "an invariant that does not look at `state` always holds, or never"
            };
            return Err(syn::Error::new_spanned(&condition, message));
        }
        let meaning = if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let no_text = |error: syn::Error| {
                syn::Error::new(error.span(), "what an invariant means is a text: `#[invariant(condition, \"..\")]`")
            };
            Some(input.parse().map_err(no_text)?)
        } else {
            None
        };
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(
                input.error("an invariant is one condition and what it means; write another `#[invariant(..)]`")
            );
        }
        Ok(Self { condition, meaning })
    }
}

fn mentions(condition: &Expr, name: &str) -> bool {
    input::mentions(condition.to_token_stream(), &Ident::new(name, Span::call_site()))
}

impl AggregateInput<'_> {
    /// `const INVARIANTS`, if there are any.
    pub(super) fn invariants(&self) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        if self.invariants.is_empty() {
            return TokenStream::new();
        }
        // The user's conditions know it by name.
        let state = Ident::new("state", Span::call_site());
        let invariants = self.invariants.iter().enumerate().map(|(at, invariant)| {
            let condition = &invariant.condition;
            quote_spanned! {site=>
                #private::Invariant::new(<Self as #private::Aggregate>::MODEL.invariants[#at], |#state: &Self| {
                    let holds: bool = #condition;
                    holds
                })
            }
        });
        quote_spanned! {site=>
            #[allow(clippy::let_and_return)]
            const INVARIANTS: &'static [#private::Invariant<Self>] = &[#(#invariants),*];
        }
    }

    /// Each as constant data of the model.
    pub(super) fn invariant_models(&self) -> Vec<TokenStream> {
        let (site, private) = (Span::mixed_site(), &self.private);
        let model = |invariant: &Invariant| {
            let condition = invariant.text();
            let meaning = invariant.meaning.as_ref().map_or_else(
                || quote_spanned!(site=> ::core::option::Option::None),
                |text| quote_spanned!(site=> ::core::option::Option::Some(#text)),
            );
            quote_spanned!(site=> #private::InvariantModel { condition: #condition, meaning: #meaning })
        };
        self.invariants.iter().map(model).collect()
    }
}
