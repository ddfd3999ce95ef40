//! What follows a key of an attribute: `= value`, `(list)`, nothing.

use proc_macro2::{Ident, Span};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr, Path, Token, parenthesized};

use crate::attr;
use crate::diagnostics::Diagnostics;

/// `= value`; `what` tells what to write, for example `a type`.
pub(crate) fn value<T: Parse>(key: &Ident, input: ParseStream, what: &str) -> syn::Result<T> {
    equals(key, input, what)?;
    input.parse().map_err(|error| syn::Error::new(error.span(), takes(key, what)))
}

/// `=`, and something after it.
pub(crate) fn equals(key: &Ident, input: ParseStream, what: &str) -> syn::Result<()> {
    let missing = || syn::Error::new_spanned(key, takes(key, what));
    if !input.peek(Token![=]) {
        return Err(missing());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) { Err(missing()) } else { Ok(()) }
}

fn takes(key: &Ident, what: &str) -> String {
    let sample = if what == "a string" { "\"..\"" } else { ".." };
    format!("`{key}` takes {what}: `{key} = {sample}`")
}

/// `= "text"`.
pub(crate) fn string(key: &Ident, input: ParseStream) -> syn::Result<LitStr> {
    value(key, input, "a string")
}

/// Nothing.
pub(crate) fn flag(key: &Ident, input: ParseStream) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) || input.peek(syn::Ident::peek_any) {
        return Ok(());
    }
    Err(syn::Error::new_spanned(key, format!("`{key}` stands alone; write `{key}`")))
}

/// `(item, item)`; what cannot be read is reported and left out.
pub(crate) fn list<T: Parse>(key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Vec<T>> {
    list_with(key, input, T::parse, diagnostics)
}

/// `(item, item)`, each parsed by `parse`; what cannot be read is reported and left out.
pub(crate) fn list_with<T>(
    key: &Ident,
    input: ParseStream,
    parse: fn(ParseStream) -> syn::Result<T>,
    diagnostics: &Diagnostics,
) -> syn::Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` takes a list: `{key}(.., ..)`")));
    }
    let content;
    parenthesized!(content in input);
    let mut items = Vec::new();
    attr::between_commas(&content, diagnostics, |input| {
        items.push(parse(input)?);
        Ok(())
    });
    Ok(items)
}

/// The name of a field; a keyword need not be written as `r#type`.
pub(crate) fn field(input: ParseStream) -> syn::Result<Ident> {
    let Ok(ident) = input.call(Ident::parse_any) else {
        return Err(syn::Error::new(input.span(), "expected the name of a field"));
    };
    let text = ident.to_string();
    match text.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => {
            Err(syn::Error::new_spanned(&ident, format!("`{ident}` cannot be the name of a field")))
        }
        _ if syn::parse_str::<Ident>(&text).is_err() => Ok(Ident::new_raw(&text, ident.span())),
        _ => Ok(ident),
    }
}

/// The number of a version.
pub(crate) fn version(literal: &LitInt) -> syn::Result<u32> {
    match literal.base10_parse() {
        // There is always a next one.
        Ok(version) if (1..u32::MAX).contains(&version) => Ok(version),
        _ => Err(syn::Error::new_spanned(literal, "versions are counted from 1: 1, 2, 3, ..")),
    }
}

/// A key that may be given once.
pub(crate) struct Once<T>(Option<T>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Once<T> {
    /// Takes the value; a second one is a mistake.
    pub(crate) fn set(&mut self, key: &Ident, value: T) -> syn::Result<()> {
        if self.0.is_some() {
            return Err(syn::Error::new_spanned(key, format!("`{key}` is given twice; remove one of them")));
        }
        self.0 = Some(value);
        Ok(())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    pub(crate) fn take(self) -> Option<T> {
        self.0
    }
}

/// The crate that a derive was taken from, where generated code finds the core unless it is told otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Home {
    /// es-core.
    Core,
    /// es, which re-exports it: whoever depends on `es` alone has no crate `es_core`.
    Facade,
}

/// The path of the core crate: `crate = path`, or that of the home of the derive.
#[derive(Default)]
pub(crate) struct CratePath(Once<Path>);

impl CratePath {
    pub(crate) fn set(&mut self, key: &Ident, input: ParseStream) -> syn::Result<()> {
        value(key, input, "a path").and_then(|path| self.0.set(key, path))
    }

    /// The path of what generated code calls.
    pub(crate) fn private(self, home: Home) -> Path {
        let site = Span::mixed_site();
        let path = self.0.take().unwrap_or_else(|| match home {
            Home::Core => syn::parse_quote_spanned!(site=> ::es_core),
            Home::Facade => syn::parse_quote_spanned!(site=> ::es),
        });
        let private = quote_spanned!(site=> #path::__private);
        syn::parse_quote_spanned!(site=> #private)
    }
}
