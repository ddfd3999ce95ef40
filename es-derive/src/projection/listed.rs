//! An event in the list of a projection, and which rows it is about: `MoneyTransferred(keys = [event.from, event.to])`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Path, Token, Type, TypePath, parenthesized};

use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::value;

/// An event of a projection.
pub(super) struct Listed {
    pub(super) entry: Entry,
    /// The keys of the rows that it is about; `None` for the id in its stream.
    pub(super) keys: Option<Expr>,
    /// Whether those rows end with it.
    pub(super) delete: bool,
    /// Where the options of the event begin.
    option: Option<Ident>,
}

impl Listed {
    /// The events of `key(..)`, each once; `none` is the mistake of an empty list.
    pub(super) fn events(
        key: &Ident,
        input: ParseStream,
        none: &str,
        diagnostics: &Diagnostics,
    ) -> syn::Result<Vec<Self>> {
        let before = diagnostics.count();
        let mut listed: Vec<Self> = value::list(key, input, diagnostics)?;
        if listed.is_empty() && diagnostics.count() == before {
            diagnostics.error(key, none);
        }
        let unique = entries::unique(listed.iter().map(|listed| listed.entry.clone()).collect(), "event", diagnostics);
        let mut kept = unique.iter().map(Entry::text).collect::<Vec<_>>();
        // The first of those that are listed twice is kept.
        listed.retain(|listed| match kept.iter().position(|kept| *kept == listed.entry.text()) {
            Some(at) => {
                kept.remove(at);
                true
            }
            None => false,
        });
        Ok(listed)
    }

    /// Without rows there is nothing that an option could be about.
    pub(super) fn refuse_options(&self, diagnostics: &Diagnostics) {
        if let Some(option) = &self.option {
            diagnostics.error(option, format!("`{option}` is about rows, which have a key; write `key = String`"));
        }
    }
}

impl Parse for Listed {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let first = event(input)?;
        let is_ident = matches!(&first.ty, Type::Path(path) if path.path.get_ident().is_some());
        let entry = if is_ident && input.parse::<Option<Token![=]>>()?.is_some() {
            Entry { variant: first.variant, ty: event(input)?.ty }
        } else {
            first
        };
        let mut listed = Self { entry, keys: None, delete: false, option: None };
        if !input.peek(syn::token::Paren) {
            return Ok(listed);
        }
        let content;
        parenthesized!(content in input);
        if content.is_empty() {
            return Err(content.error(OPTIONS));
        }
        while !content.is_empty() {
            let option = content.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), OPTIONS))?;
            let is_twice = match option.to_string().as_str() {
                "keys" => {
                    let keys = value::value(&option, &content, "the keys of rows")?;
                    listed.keys.replace(keys).is_some()
                }
                "delete" => {
                    value::flag(&option, &content)?;
                    std::mem::replace(&mut listed.delete, true)
                }
                _ => return Err(syn::Error::new_spanned(&option, format!("unknown option `{option}`; {OPTIONS}"))),
            };
            if is_twice {
                return Err(syn::Error::new_spanned(&option, format!("`{option}` is given twice; remove one of them")));
            }
            listed.option.get_or_insert(option);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(listed)
    }
}

const OPTIONS: &str =
    "an event says which rows it is about, or that they end with it: `(keys = [event.from, event.to])`, `(delete)`";

/// The type of an event; what stands in brackets after it is no part of it.
fn event(input: ParseStream) -> syn::Result<Entry> {
    let ahead = input.fork();
    if let Ok(path) = Path::parse_mod_style(&ahead)
        && ahead.peek(syn::token::Paren)
        && let Some(last) = path.segments.last()
    {
        input.advance_to(&ahead);
        return Ok(Entry {
            variant: last.ident.clone(),
            ty: Type::Path(TypePath { attrs: Vec::new(), qself: None, path }),
        });
    }
    Entry::parse_alone(input)
}
