//! Lists of types that become the variants of an enum: `events(Opened, Closed = other::Closed)`.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Generics, Token, Type};

use crate::diagnostics::Diagnostics;
use crate::input;
use crate::value;

const NO_PATH: &str = "only the path of a struct can be listed here";

/// A type with the name of its variant.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) variant: Ident,
    pub(crate) ty: Type,
}

impl Entry {
    /// A type that is listed without a name for its variant.
    pub(crate) fn parse_alone(input: ParseStream) -> syn::Result<Self> {
        let ty: Type = input.parse().map_err(|error| syn::Error::new(error.span(), NO_PATH))?;
        match &ty {
            Type::Path(path) if path.qself.is_none() => match path.path.segments.last() {
                Some(last) => Ok(Self { variant: last.ident.clone(), ty }),
                None => Err(syn::Error::new_spanned(&ty, NO_PATH)),
            },
            _ => Err(syn::Error::new_spanned(&ty, NO_PATH)),
        }
    }

    /// Where mistakes about this entry are shown.
    pub(crate) fn span(&self) -> Span {
        match &self.ty {
            Type::Path(ty) => ty.path.segments.last().map_or_else(|| ty.span(), |segment| segment.ident.span()),
            other => other.span(),
        }
    }

    /// The type, shown as one token in error messages.
    pub(crate) fn placed(&self) -> proc_macro2::TokenStream {
        input::placed(&self.ty, self.span())
    }

    /// The type as text.
    pub(crate) fn text(&self) -> String {
        self.ty.to_token_stream().to_string().replace(' ', "")
    }

    /// Whether the type mentions a parameter of `generics`.
    pub(crate) fn is_generic(&self, generics: &Generics) -> bool {
        !input::used_generics(generics, &self.ty.to_token_stream()).params.is_empty()
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let entry = Self::parse_alone(input)?;
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Ok(entry);
        }
        let is_ident = matches!(&entry.ty, Type::Path(path) if path.path.get_ident().is_some());
        if !is_ident {
            return Err(syn::Error::new_spanned(&entry.ty, "the name of a variant is one word: `Name = path::Type`"));
        }
        Ok(Self { variant: entry.variant, ty: Self::parse_alone(input)?.ty })
    }
}

/// The entries of `key(..)`, each once.
pub(crate) fn list(key: &Ident, input: ParseStream, what: &str, diagnostics: &Diagnostics) -> syn::Result<Vec<Entry>> {
    Ok(unique(value::list(key, input, diagnostics)?, what, diagnostics))
}

/// The events of `key(..)`, each once; `none` is the mistake of an empty list.
pub(crate) fn events(
    key: &Ident,
    input: ParseStream,
    none: &str,
    diagnostics: &Diagnostics,
) -> syn::Result<Vec<Entry>> {
    let before = diagnostics.count();
    let entries = list(key, input, "event", diagnostics)?;
    if entries.is_empty() && diagnostics.count() == before {
        diagnostics.error(key, none);
    }
    Ok(entries)
}

/// The entries without those that are listed twice, which are mistakes.
pub(crate) fn unique(entries: Vec<Entry>, what: &str, diagnostics: &Diagnostics) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        let ty = entry.text();
        if kept.iter().any(|other| other.text() == ty) {
            diagnostics.error(&entry.ty, format!("{what} `{ty}` is listed twice; remove one of them"));
        } else if kept.iter().any(|other| other.variant == entry.variant) {
            let variant = &entry.variant;
            diagnostics.error(
                &entry.ty,
                format!("two variants would be named `{variant}`; name this one: `Other{variant} = {ty}`"),
            );
        } else {
            kept.push(entry);
        }
    }
    kept
}

/// The split events without those that are listed as events, too, which are mistakes.
pub(crate) fn elsewhere(split: Vec<Entry>, events: &[Entry], diagnostics: &Diagnostics) -> Vec<Entry> {
    let is_elsewhere = |entry: &Entry| {
        let ty = entry.text();
        let is_listed = events.iter().any(|event| event.text() == ty);
        if is_listed {
            diagnostics.error(&entry.ty, format!("`{ty}` is either split or one of the events; remove one of them"));
        }
        !is_listed
    };
    split.into_iter().filter(is_elsewhere).collect()
}
