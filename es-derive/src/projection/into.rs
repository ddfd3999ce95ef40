//! Writes the `ProjectionInto` implementation, or that of `AsyncProjectionInto`.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{GenericParam, Type};

use super::attrs::{ProjectionInput, Target};
use super::expand::this;
use super::listed::Listed;
use crate::docs;

impl ProjectionInput<'_> {
    pub(super) fn written(&self, target: &Target, error: &Type) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let ident = &item.ident;
        let (into, write_to, asynchronous, wait) = if target.is_async {
            let (asynchronous, wait) = (quote_spanned!(site=> async), quote_spanned!(site=> .await));
            (quote_spanned!(site=> AsyncProjectionInto), quote_spanned!(site=> AsyncWriteTo), asynchronous, wait)
        } else {
            let nothing = TokenStream::new();
            (quote_spanned!(site=> ProjectionInto), quote_spanned!(site=> WriteTo), nothing.clone(), nothing)
        };
        let (docs, constants) = (docs::attrs(&self.doc()), self.constants(None, &[]));
        let (ty, borrows) = named(target.ty.to_token_stream());
        let generics = self.generics();
        let mut with_borrow = generics.clone();
        if borrows {
            let borrow: GenericParam = syn::parse_quote_spanned!(site=> '__t);
            with_borrow.params.insert(0, borrow);
        }
        let (impl_generics, ..) = with_borrow.split_for_impl();
        let (_, ty_generics, where_clause) = generics.split_for_impl();
        let take = |listed: &Listed| {
            let (event, this) = (listed.entry.placed(), this(&listed.entry));
            quote_spanned! {site=>
                <#this as #private::#write_to<#ty, #event>>::write(self, target, decoded, recorded)
                    #wait
                    .map_err(#private::WriteError::Write)?;
            }
        };
        let body = self.dispatch(&take, &quote_spanned!(site=> #private::Projected::Applied), &self.not_listed());
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::#into<#ty> for #ident #ty_generics #where_clause {
                type Error = #error;

                #constants

                #[allow(unused_variables)]
                #asynchronous fn write_event<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                    target: &#ty,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<#private::Projected, #private::WriteError<#error>> {
                    #body
                }
            }
        }
    }
}

/// The type with a name for `'_`, and whether there is one.
fn named(target: TokenStream) -> (TokenStream, bool) {
    let (mut is_lifetime, mut borrows) = (false, false);
    let tokens = target.into_iter().map(|token| {
        let was_quote =
            std::mem::replace(&mut is_lifetime, matches!(&token, TokenTree::Punct(p) if p.as_char() == '\''));
        match token {
            TokenTree::Ident(name) if was_quote && name == "_" => {
                borrows = true;
                TokenTree::Ident(Ident::new("__t", Span::mixed_site()))
            }
            TokenTree::Group(group) => {
                let (inner, borrows_inside) = named(group.stream());
                borrows |= borrows_inside;
                TokenTree::Group(Group::new(group.delimiter(), inner))
            }
            other => other,
        }
    });
    let tokens: TokenStream = tokens.collect();
    (tokens, borrows)
}
