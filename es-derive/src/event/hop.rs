//! One `#[upcast(1 => 2, ..)]`: the grammar, without a look at the fields that it speaks of.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, LitInt, Token, Type};

use crate::attr;
use crate::diagnostics::Diagnostics;
use crate::text;

/// The way from one version to the next.
pub(super) struct Hop {
    pub(super) from: u32,
    pub(super) span: Span,
    pub(super) way: Way,
    /// The changes as written, for the model.
    pub(super) changes: Vec<String>,
}

pub(super) enum Way {
    /// By field: the older shape is reconstructed.
    Fields(Vec<Change>),
    /// `from = Old`: the older shape is a type of the user's.
    Typed(Box<Type>),
}

/// A change of the newer shape against the older one.
pub(super) enum Change {
    /// `add(field)`, `add(field = value)`.
    Add { field: Ident, value: Option<Expr> },
    /// `rename(old => new)`.
    Rename { old: Ident, new: Ident },
}

const OPERATIONS: &[&str] = &["add", "rename", "from"];

impl Hop {
    pub(super) fn parse(attr: &Attribute, diagnostics: &Diagnostics) -> Option<Self> {
        let mut way = Operations::default();
        let versions = attr.parse_args_with(|input: ParseStream| {
            let versions = Versions::parse(input)?;
            while !input.is_empty() {
                input.parse::<Token![,]>()?;
                if !input.is_empty() {
                    way.parse_one(input)?;
                }
            }
            Ok(versions)
        });
        let versions = diagnostics.ok(versions)?;
        let from = diagnostics.ok(versions.from.base10_parse())?;
        let to: u32 = diagnostics.ok(versions.to.base10_parse())?;
        if from == 0 || to != from + 1 {
            let message = if from == 0 {
                "versions are counted from 1".to_owned()
            } else {
                format!("a hop goes to the next version; write `{from} => {}`", from + 1)
            };
            diagnostics.error(if from == 0 { &versions.from } else { &versions.to }, message);
            return None;
        }
        if way.typed.is_none() && way.changes.is_empty() {
            diagnostics.error(
                &versions.to,
                format!("say what changed in version {to}: `add(..)`, `rename(old => new)` or `from = Old`"),
            );
            return None;
        }
        let span = versions.from.span();
        let changes = way.written;
        let way = match way.typed {
            Some((key, _)) if !way.changes.is_empty() => {
                diagnostics.error(key, "a typed hop says it all; remove either `from` or the changes by field");
                return None;
            }
            Some((_, old)) => Way::Typed(Box::new(old)),
            None => Way::Fields(way.changes),
        };
        Some(Self { from, span, way, changes })
    }
}

struct Versions {
    from: LitInt,
    to: LitInt,
}

impl Parse for Versions {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let parse = |input: ParseStream| {
            let from = input.parse()?;
            input.parse::<Token![=>]>()?;
            Ok(Self { from, to: input.parse()? })
        };
        parse(input).map_err(|error: syn::Error| {
            syn::Error::new(error.span(), "an upcast begins with its versions: `#[upcast(1 => 2, ..)]`")
        })
    }
}

#[derive(Default)]
struct Operations {
    changes: Vec<Change>,
    typed: Option<(Ident, Type)>,
    written: Vec<String>,
}

impl Operations {
    fn parse_one(&mut self, input: ParseStream) -> syn::Result<()> {
        let start = input.cursor().token_stream();
        let key = input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "add" => self.changes.extend(attr::list::<Added>(&key, input)?.into_iter().map(|added| added.0)),
            "rename" => self.changes.extend(attr::list::<Renamed>(&key, input)?.into_iter().map(|renamed| renamed.0)),
            "from" if self.typed.is_some() => {
                return Err(syn::Error::new_spanned(&key, "`from` is given twice; remove one of them"));
            }
            "from" => self.typed = Some((key.clone(), attr::value(&key, input)?)),
            _ => {
                let known: Vec<_> = OPERATIONS.iter().map(|known| format!("`{known}`")).collect();
                let message = format!("unknown operation `{key}`; an upcast knows {}", known.join(", "));
                return Err(syn::Error::new_spanned(&key, message));
            }
        }
        let rest = input.cursor().token_stream().into_iter().count();
        let taken = start.clone().into_iter().count() - rest;
        self.written.push(text::source(start.into_iter().take(taken).collect()));
        Ok(())
    }
}

struct Added(Change);

impl Parse for Added {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let field = attr::field(input)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self(Change::Add { field, value }))
    }
}

struct Renamed(Change);

impl Parse for Renamed {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let old = attr::field(input)?;
        if !input.peek(Token![=>]) {
            return Err(input.error("a rename says both names: `rename(old => new)`"));
        }
        input.parse::<Token![=>]>()?;
        Ok(Self(Change::Rename { old, new: attr::field(input)? }))
    }
}

impl ToTokens for Change {
    /// The name in the newer shape, which is what a mistake is shown on.
    fn to_tokens(&self, tokens: &mut proc_macro2::TokenStream) {
        let (Self::Add { field, .. } | Self::Rename { new: field, .. }) = self;
        field.to_tokens(tokens);
    }
}
