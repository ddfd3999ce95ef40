//! One `#[upcast(1 => 2, ..)]`: the grammar, without a look at the fields that it speaks of.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, LitInt, Meta, Path, Token, Type};

use super::change::Change;
use crate::attr::{self, Grammar};
use crate::diagnostics::Diagnostics;
use crate::text;
use crate::value::{self, Once};

/// The way from one version to the next.
pub(super) struct Hop {
    pub(super) from: u32,
    pub(super) span: Span,
    pub(super) way: Way,
    /// The changes as written, for the model.
    pub(super) changes: Vec<String>,
}

pub(super) enum Way {
    /// By field: the older shape is reconstructed. `key` is the first operation.
    Fields { key: Ident, changes: Vec<Change>, name: Option<Ident> },
    /// `unchanged`: the older shape is that of the newer version.
    Unchanged,
    /// `from = Old`, `try_from = Old`: the older shape is a type of the user's.
    Typed(Box<Typed>),
    /// `with = function` alone: the older payload is a JSON value.
    Json(Path),
    /// A mistake hides it.
    Unknown,
}

pub(super) struct Typed {
    pub(super) old: Type,
    pub(super) is_fallible: bool,
    /// The function that converts, in place of `From` or `TryFrom`.
    pub(super) with: Option<Path>,
}

const UPCAST: Grammar = Grammar {
    name: "upcast",
    keys: &["add", "rename", "remove", "change", "as", "from", "try_from", "with", "unchanged"],
};

impl Hop {
    /// The hop, if it is clear between which versions it goes.
    pub(super) fn parse(attr: &Attribute, diagnostics: &Diagnostics) -> Option<Self> {
        if matches!(attr.meta, Meta::Path(_)) {
            diagnostics.error(attr.path(), Versions::MISSING);
            return None;
        }
        let before = diagnostics.count();
        let mut operations = Operations::default();
        let parsed = attr.parse_args_with(|input: ParseStream| {
            let versions = Versions::parse(input)?;
            if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
                diagnostics.push(syn::Error::new(input.span(), "expected `,`"));
            }
            attr::between_commas(input, diagnostics, |input| operations.read(input, diagnostics));
            Ok(versions)
        });
        let versions = match parsed {
            Ok(versions) => versions,
            // What a mistake leaves unread is no second mistake.
            Err(_) if diagnostics.count() > before => return None,
            Err(error) => {
                diagnostics.push(error);
                return None;
            }
        };
        let from = diagnostics.ok(value::version(&versions.from))?;
        if versions.to.base10_parse().ok() != Some(from + 1) {
            diagnostics.error(&versions.to, format!("a hop goes to the next version; write `{from} => {}`", from + 1));
            return None;
        }
        let changes = std::mem::take(&mut operations.written);
        let is_readable = diagnostics.count() == before;
        let way = if is_readable { operations.way(&versions.to, diagnostics) } else { Way::Unknown };
        Some(Self { from, span: versions.from.span(), way, changes })
    }
}

struct Versions {
    from: LitInt,
    to: LitInt,
}

impl Versions {
    const MISSING: &str = "an upcast begins with its versions: `#[upcast(1 => 2, ..)]`";
}

impl Parse for Versions {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let parse = |input: ParseStream| {
            let from = input.parse()?;
            input.parse::<Token![=>]>()?;
            Ok(Self { from, to: input.parse()? })
        };
        parse(input).map_err(|error: syn::Error| syn::Error::new(error.span(), Self::MISSING))
    }
}

#[derive(Default)]
struct Operations {
    /// The first key.
    key: Option<Ident>,
    changes: Vec<Change>,
    from: Once<(Ident, Type)>,
    try_from: Once<(Ident, Type)>,
    with: Once<(Ident, Path)>,
    name: Once<(Ident, Ident)>,
    unchanged: Once<Ident>,
    written: Vec<String>,
}

impl Operations {
    fn read(&mut self, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<()> {
        let start = input.cursor().token_stream();
        let key = UPCAST.key(input)?;
        self.key.get_or_insert_with(|| key.clone());
        let list = |parse| value::list_with(&key, input, parse, diagnostics);
        match key.to_string().as_str() {
            "add" => self.changes.extend(list(Change::parse_add)?),
            "rename" => self.changes.extend(list(Change::parse_rename)?),
            "remove" => self.changes.extend(list(Change::parse_remove)?),
            "change" => self.changes.extend(list(Change::parse_retype)?),
            "from" => self.from.set(&key, (key.clone(), value::value(&key, input, "a type")?))?,
            "try_from" => self.try_from.set(&key, (key.clone(), value::value(&key, input, "a type")?))?,
            "with" => self.with.set(&key, (key.clone(), value::value(&key, input, "a function")?))?,
            "unchanged" => {
                value::flag(&key, input)?;
                self.unchanged.set(&key, key.clone())?;
            }
            "as" => {
                // How a struct is called is no change.
                return self.name.set(&key, (key.clone(), value::value(&key, input, "a name")?));
            }
            _ => return Err(UPCAST.unknown(&key)),
        }
        let rest = input.cursor().token_stream().into_iter().count();
        let taken = start.clone().into_iter().count() - rest;
        self.written.push(text::source(start.into_iter().take(taken).collect()));
        Ok(())
    }

    fn way(self, to: &LitInt, diagnostics: &Diagnostics) -> Way {
        let refuse = |place: &dyn ToTokens, message: String| {
            diagnostics.error(place, message);
            Way::Unknown
        };
        let (from, try_from, with) = (self.from.take(), self.try_from.take(), self.with.take());
        let (name, unchanged) = (self.name.take(), self.unchanged.take());
        let typed = [&from, &try_from].into_iter().flatten().map(|(key, _)| key).next();
        if let (Some(key), false) = (typed.or(with.as_ref().map(|(key, _)| key)), self.changes.is_empty()) {
            return refuse(key, format!("`{key}` says it all; remove either it or the changes by field"));
        }
        if let (Some((key, _)), true) = (&name, self.changes.is_empty()) {
            return refuse(key, "`as` names the older struct of a hop by field; remove it here".to_owned());
        }
        if let Some(key) = unchanged {
            return if typed.is_some() || with.is_some() || !self.changes.is_empty() {
                refuse(
                    &key,
                    "`unchanged` says that the shape stays as it is; remove it or what else is said".to_owned(),
                )
            } else {
                Way::Unchanged
            };
        }
        let with = with.map(|(_, function)| function);
        match (from, try_from, with, self.key) {
            (Some((key, _)), Some(_), _, _) => {
                refuse(&key, "a hop is either `from` or `try_from`; remove one of them".to_owned())
            }
            (Some((_, old)), None, with, _) => Way::Typed(Box::new(Typed { old, is_fallible: false, with })),
            (None, Some((_, old)), with, _) => Way::Typed(Box::new(Typed { old, is_fallible: true, with })),
            (None, None, Some(with), _) => Way::Json(with),
            (None, None, None, Some(key)) if !self.changes.is_empty() => {
                Way::Fields { key, changes: self.changes, name: name.map(|(_, name)| name) }
            }
            (None, None, None, _) => refuse(
                to,
                format!(
                    "say what changed in version {to}: `add(..)`, `rename(old => new)`, `remove(field: Type)`, \
                     `change(field: OldType => value)` or `from = Old`; `unchanged` if only the meaning did"
                ),
            ),
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
