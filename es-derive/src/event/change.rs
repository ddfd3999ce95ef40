//! One change of a field: what it is called, and how it is written.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, Token, Type};

use crate::value;

/// A change of the newer shape against the older one.
pub(super) enum Change {
    /// `add(field)`, `add(field = value)`.
    Add { field: Ident, value: Option<Expr> },
    /// `rename(old => new)`.
    Rename { old: Ident, new: Ident },
    /// `remove(field: Type)`, `remove(field)` if its value is of no use.
    Remove { attrs: Vec<Attribute>, field: Ident, ty: Option<Box<Type>> },
    /// `change(field: OldType => value)`.
    Retype { attrs: Vec<Attribute>, field: Ident, old: Box<Type>, value: Expr },
}

impl Change {
    pub(super) fn parse_add(input: ParseStream) -> syn::Result<Self> {
        let field = value::field(input)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self::Add { field, value })
    }

    pub(super) fn parse_rename(input: ParseStream) -> syn::Result<Self> {
        let old = value::field(input)?;
        if input.parse::<Option<Token![=>]>>()?.is_none() {
            return Err(syn::Error::new_spanned(&old, "a rename says both names: `rename(old => new)`"));
        }
        Ok(Self::Rename { old, new: value::field(input)? })
    }

    pub(super) fn parse_remove(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let field = value::field(input)?;
        let no_type = |error: syn::Error| {
            syn::Error::new(
                error.span(),
                format!("a removal says the old type, if it is of use: `remove({field}: OldType)`"),
            )
        };
        let ty = match input.parse::<Option<Token![:]>>()? {
            Some(_) => Some(Box::new(input.parse().map_err(no_type)?)),
            None => None,
        };
        Ok(Self::Remove { attrs, field, ty })
    }

    pub(super) fn parse_retype(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let field = value::field(input)?;
        let parse = |input: ParseStream| {
            input.parse::<Token![:]>()?;
            let old = Box::<Type>::parse(input)?;
            input.parse::<Token![=>]>()?;
            Ok((old, input.parse()?))
        };
        let (old, value) = parse(input).map_err(|error: syn::Error| {
            let message = format!("a change says the old type and the new value: `change({field}: OldType => value)`");
            syn::Error::new(error.span(), message)
        })?;
        Ok(Self::Retype { attrs, field, old, value })
    }

    /// The expression for the newer field, if one is written.
    pub(super) fn value(&self) -> Option<&Expr> {
        match self {
            Self::Add { value, .. } => value.as_ref(),
            Self::Retype { value, .. } => Some(value),
            Self::Rename { .. } | Self::Remove { .. } => None,
        }
    }

    /// The field of the newer shape that this is about.
    pub(super) fn newer_field(&self) -> Option<&Ident> {
        match self {
            Self::Add { field, .. } | Self::Rename { new: field, .. } | Self::Retype { field, .. } => Some(field),
            Self::Remove { .. } => None,
        }
    }

    /// The field of the older shape that this is about.
    pub(super) fn older_field(&self) -> Option<&Ident> {
        match self {
            Self::Rename { old: field, .. } | Self::Remove { field, .. } | Self::Retype { field, .. } => Some(field),
            Self::Add { .. } => None,
        }
    }
}

impl ToTokens for Change {
    /// The name that a mistake is shown on.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.newer_field().or(self.older_field()).to_tokens(tokens);
    }
}
