//! Lists of types that become the variants of an enum: `events(Opened, Closed = other::Closed)`.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Generics, Token, Type};

use crate::diagnostics::Diagnostics;
use crate::input;

/// A type with the name of its variant.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) variant: Ident,
    pub(crate) ty: Type,
}

impl Entry {
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

    /// Whether the type mentions a parameter of `generics`.
    pub(crate) fn is_generic(&self, generics: &Generics) -> bool {
        !input::used_generics(generics, &self.ty.to_token_stream()).params.is_empty()
    }
}

impl Parse for Entry {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let ty: Type = input.parse()?;
        let last = match &ty {
            Type::Path(path) if path.qself.is_none() => path.path.segments.last().map(|last| last.ident.clone()),
            _ => None,
        };
        let Some(variant) = last else {
            return Err(syn::Error::new_spanned(&ty, "only the path of a struct can be listed here"));
        };
        if input.parse::<Option<Token![=]>>()?.is_some() {
            let is_ident = matches!(&ty, Type::Path(path) if path.path.get_ident().is_some());
            if !is_ident {
                return Err(syn::Error::new_spanned(&ty, "the name of a variant is one word: `Name = path::Type`"));
            }
            return Ok(Self { variant, ty: input.parse()? });
        }
        Ok(Self { variant, ty })
    }
}

/// The entries without those that are listed twice, which are mistakes.
pub(crate) fn unique(entries: Vec<Entry>, what: &str, diagnostics: &Diagnostics) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        let same = |other: &&Entry| other.ty.to_token_stream().to_string() == entry.ty.to_token_stream().to_string();
        if kept.iter().any(|other| same(&other)) {
            diagnostics.error(&entry.ty, format!("{what} `{}` is listed twice; remove one of them", entry.variant));
        } else if kept.iter().any(|other| other.variant == entry.variant) {
            let variant = &entry.variant;
            let ty = entry.ty.to_token_stream().to_string().replace(' ', "");
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
