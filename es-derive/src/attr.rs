//! The grammar that the attributes of all derives share: `#[event(key = value, key(list), flag)]`.
//!
//! What a key means is for the derive that knows it.

use proc_macro2::{Ident, Span, TokenTree};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, LitStr, Path, Token, parenthesized};

use crate::diagnostics::Diagnostics;

/// Hands each `key ..` of every `#[name(..)]` to `each`, and goes on after a mistake with the next one.
pub(crate) fn for_each_key(
    attrs: &[Attribute],
    name: &str,
    diagnostics: &Diagnostics,
    mut each: impl FnMut(&Ident, ParseStream) -> syn::Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        let parsed = attr.parse_args_with(|input: ParseStream| {
            while !input.is_empty() {
                let key = input.call(Ident::parse_any)?;
                match each(&key, input) {
                    Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
                    Ok(()) => diagnostics.push(input.error(format!("expected `,` after `{key}`"))),
                    Err(error) => diagnostics.push(error),
                }
                skip_to_comma(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        });
        if let Err(error) = parsed {
            diagnostics.push(error);
        }
    }
}

/// Whether there is a `#[name ..]` at all; the token to complain about if something is missing in it.
pub(crate) fn find<'a>(attrs: &'a [Attribute], name: &str) -> Option<&'a Path> {
    attrs.iter().map(Attribute::path).find(|path| path.is_ident(name))
}

fn skip_to_comma(input: ParseStream) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// `= value`.
pub(crate) fn value<T: Parse>(key: &Ident, input: ParseStream) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` needs a value: `{key} = ..`")));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `= "text"`.
pub(crate) fn string(key: &Ident, input: ParseStream) -> syn::Result<LitStr> {
    if input.peek(Token![=]) && !input.peek2(LitStr) {
        input.parse::<Token![=]>()?;
        return Err(input.error(format!("`{key}` takes a string: `{key} = \"..\"`")));
    }
    value(key, input)
}

/// `(item, item)`.
pub(crate) fn list<T: Parse>(key: &Ident, input: ParseStream) -> syn::Result<Vec<T>> {
    list_with(key, input, T::parse)
}

/// `(item, item)`, each parsed by `parse`.
pub(crate) fn list_with<T>(
    key: &Ident,
    input: ParseStream,
    parse: fn(ParseStream) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new_spanned(key, format!("`{key}` takes a list: `{key}(.., ..)`")));
    }
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated_with(&content, parse)?.into_iter().collect())
}

/// The name of a field; a keyword need not be written as `r#type`.
pub(crate) fn field(input: ParseStream) -> syn::Result<Ident> {
    let ident = input.call(Ident::parse_any)?;
    let text = ident.to_string();
    match text.as_str() {
        "self" | "Self" | "super" | "crate" | "_" => {
            Err(syn::Error::new_spanned(&ident, format!("`{ident}` cannot be the name of a field")))
        }
        _ if syn::parse_str::<Ident>(&text).is_err() => Ok(Ident::new_raw(&text, ident.span())),
        _ => Ok(ident),
    }
}

/// The error for a key that no derive knows here.
pub(crate) fn unknown(key: &Ident, attribute: &str, known: &[&str]) -> syn::Error {
    let known: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
    syn::Error::new_spanned(key, format!("unknown key `{key}`; `#[{attribute}(..)]` knows {}", known.join(", ")))
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

/// The path of the core crate: `crate = path`, or `::es_core`.
#[derive(Default)]
pub(crate) struct CratePath(Once<Path>);

impl CratePath {
    pub(crate) fn set(&mut self, key: &Ident, input: ParseStream) -> syn::Result<()> {
        value(key, input).and_then(|path| self.0.set(key, path))
    }

    /// The path of what generated code calls.
    pub(crate) fn private(self) -> Path {
        let site = Span::mixed_site();
        let path = self.0.take().unwrap_or_else(|| syn::parse_quote_spanned!(site=> ::es_core));
        let private = quote_spanned!(site=> #path::__private);
        syn::parse_quote_spanned!(site=> #private)
    }
}
