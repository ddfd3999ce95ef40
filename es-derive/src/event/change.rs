//! One change of a field: what it is called, and how it is written.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, LitInt, Token, Type};

use crate::value;

/// A change of the newer shape against the older one.
pub(super) enum Change {
    /// `add(field)`, `add(field = value)`.
    Add { field: Ident, value: Option<Expr> },
    /// `rename(old => new)`.
    Rename { old: Ident, new: Ident },
    /// `remove(field: Type)`, `remove(field)` if its value is of no use.
    Remove { attrs: Vec<Attribute>, field: Ident, ty: Option<Box<Type>> },
    /// `change(field: OldType => value)`, `change(old: OldType => new = value)`.
    Retype { attrs: Vec<Attribute>, old: Ident, ty: Box<Type>, new: Ident, value: Expr },
}

impl Change {
    pub(super) fn parse_add(input: ParseStream) -> syn::Result<Self> {
        let field = self::field(input)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self::Add { field, value })
    }

    pub(super) fn parse_rename(input: ParseStream) -> syn::Result<Self> {
        let old = field(input)?;
        if input.parse::<Option<Token![=>]>>()?.is_none() {
            return Err(syn::Error::new_spanned(&old, "a rename says both names: `rename(old => new)`"));
        }
        Ok(Self::Rename { old, new: field(input)? })
    }

    pub(super) fn parse_remove(input: ParseStream) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let field = self::field(input)?;
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
        let old = field(input)?;
        let parse = |input: ParseStream| {
            input.parse::<Token![:]>()?;
            let ty = Box::<Type>::parse(input)?;
            input.parse::<Token![=>]>()?;
            let is_named = input.peek(syn::Ident::peek_any)
                && input.peek2(Token![=])
                && !(input.peek2(Token![==]) || input.peek2(Token![=>]));
            let new = if is_named { value::field(input)? } else { old.clone() };
            if is_named {
                input.parse::<Token![=]>()?;
            }
            Ok((ty, new, input.parse()?))
        };
        let (ty, new, value) = parse(input).map_err(|error: syn::Error| {
            let message = format!(
                "a change says the old type and the new value: `change({old}: OldType => value)`, \
                 or `change({old}: OldType => new_name = value)`"
            );
            syn::Error::new(error.span(), message)
        })?;
        Ok(Self::Retype { attrs, old, ty, new, value })
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
            Self::Add { field, .. } | Self::Rename { new: field, .. } | Self::Retype { new: field, .. } => Some(field),
            Self::Remove { .. } => None,
        }
    }

    /// The field of the older shape that this is about.
    pub(super) fn older_field(&self) -> Option<&Ident> {
        match self {
            Self::Rename { old: field, .. } | Self::Remove { field, .. } | Self::Retype { old: field, .. } => {
                Some(field)
            }
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

/// The name of a field; places of tuple structs have none.
fn field(input: ParseStream) -> syn::Result<Ident> {
    if input.peek(LitInt) {
        return Err(input.error("the fields of a tuple struct have no names to speak of; use `from = Old`"));
    }
    value::field(input)
}
