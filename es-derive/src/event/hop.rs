//! One `#[upcast(1 => 2, ..)]`: the grammar, without a look at the fields that it speaks of.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, LitInt, Path, Token, Type};

use super::change::Change;
use crate::attr::{self, Once};
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
    /// `from = Old`, `try_from = Old`: the older shape is a type of the user's.
    Typed(Box<Typed>),
    /// `with = function` alone: the older payload is a JSON value.
    Json(Path),
}

pub(super) struct Typed {
    pub(super) old: Type,
    pub(super) is_fallible: bool,
    /// The function that converts, in place of `From` or `TryFrom`.
    pub(super) with: Option<Path>,
}

const OPERATIONS: &[&str] = &["add", "rename", "remove", "change", "from", "try_from", "with"];

impl Hop {
    pub(super) fn parse(attr: &Attribute, diagnostics: &Diagnostics) -> Option<Self> {
        let mut operations = Operations::default();
        let versions = attr.parse_args_with(|input: ParseStream| {
            let versions = Versions::parse(input)?;
            while !input.is_empty() {
                input.parse::<Token![,]>()?;
                if !input.is_empty() {
                    operations.parse_one(input)?;
                }
            }
            Ok(versions)
        });
        let versions = diagnostics.ok(versions)?;
        let from = diagnostics.ok(versions.from.base10_parse())?;
        let to: u32 = diagnostics.ok(versions.to.base10_parse())?;
        if from == 0 {
            diagnostics.error(&versions.from, "versions are counted from 1");
            return None;
        }
        if to != from + 1 {
            diagnostics.error(&versions.to, format!("a hop goes to the next version; write `{from} => {}`", from + 1));
            return None;
        }
        let span = versions.from.span();
        let changes = std::mem::take(&mut operations.written);
        let way = operations.way(&versions.to, diagnostics)?;
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
    from: Once<(Ident, Type)>,
    try_from: Once<(Ident, Type)>,
    with: Once<(Ident, Path)>,
    written: Vec<String>,
}

impl Operations {
    fn parse_one(&mut self, input: ParseStream) -> syn::Result<()> {
        let start = input.cursor().token_stream();
        let key = input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "add" => self.changes.extend(attr::list_with(&key, input, Change::parse_add)?),
            "rename" => self.changes.extend(attr::list_with(&key, input, Change::parse_rename)?),
            "remove" => self.changes.extend(attr::list_with(&key, input, Change::parse_remove)?),
            "change" => self.changes.extend(attr::list_with(&key, input, Change::parse_retype)?),
            "from" => self.from.set(&key, (key.clone(), attr::value(&key, input)?))?,
            "try_from" => self.try_from.set(&key, (key.clone(), attr::value(&key, input)?))?,
            "with" => self.with.set(&key, (key.clone(), attr::value(&key, input)?))?,
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

    fn way(self, to: &LitInt, diagnostics: &Diagnostics) -> Option<Way> {
        let (from, try_from, with) = (self.from.take(), self.try_from.take(), self.with.take());
        let key = [&from, &try_from].into_iter().flatten().map(|(key, _)| key).next();
        if let Some(key) = key.or(with.as_ref().map(|(key, _)| key))
            && !self.changes.is_empty()
        {
            diagnostics.error(key, format!("`{key}` says it all; remove either it or the changes by field"));
            return None;
        }
        let with_path = with.map(|(_, path)| path);
        match (from, try_from, with_path) {
            (Some((key, _)), Some(_), _) => {
                diagnostics.error(key, "a hop is either `from` or `try_from`; remove one of them");
                None
            }
            (Some((_, old)), None, with) => Some(Way::Typed(Box::new(Typed { old, is_fallible: false, with }))),
            (None, Some((_, old)), with) => Some(Way::Typed(Box::new(Typed { old, is_fallible: true, with }))),
            (None, None, Some(with)) => Some(Way::Json(with)),
            (None, None, None) if self.changes.is_empty() => {
                diagnostics.error(
                    to,
                    format!(
                        "say what changed in version {to}: `add(..)`, `rename(old => new)`, `remove(field: Type)`, \
                         `change(field: OldType => value)` or `from = Old`"
                    ),
                );
                None
            }
            (None, None, None) => Some(Way::Fields(self.changes)),
        }
    }
}

/// Whether a `?` stands anywhere in the expression, so that it can fail.
pub(super) fn can_fail(value: &Expr) -> bool {
    fn has_question_mark(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Punct(punct) => punct.as_char() == '?',
            TokenTree::Group(group) => has_question_mark(group.stream()),
            _ => false,
        })
    }
    has_question_mark(value.to_token_stream())
}
