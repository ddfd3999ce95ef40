//! Writes the expression that makes a shape.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Attribute, Fields, Path, Token, Type, Variant};

use super::attrs::{Container, FieldAttrs};
use crate::text;

/// A named field, wherever it is written.
pub(crate) struct ShapeSource<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) attrs: &'a [Attribute],
}

/// The shape of a struct, or of a variant with these fields.
pub(crate) fn struct_shape(container: &Container, fields: &Fields, private: &Path) -> TokenStream {
    let site = Span::mixed_site();
    if let Some(stored_as) = &container.stored_as {
        return type_shape(stored_as, private);
    }
    match fields {
        Fields::Unit => quote_spanned!(site=> #private::Shape::scalar("null")),
        Fields::Unnamed(fields) => {
            let kept: Vec<_> =
                fields.unnamed.iter().filter(|field| !FieldAttrs::parse(&field.attrs).is_skipped).collect();
            match &kept[..] {
                [field] if fields.unnamed.len() == 1 || container.is_transparent => {
                    field_shape(&field.ty, &FieldAttrs::parse(&field.attrs), private)
                }
                fields => {
                    let shapes =
                        fields.iter().map(|field| field_shape(&field.ty, &FieldAttrs::parse(&field.attrs), private));
                    quote_spanned!(site=> #private::Shape::Tuple(#private::list([#(#shapes),*])))
                }
            }
        }
        Fields::Named(fields) => {
            let named = fields.named.iter().filter_map(|field| {
                Some(ShapeSource { ident: field.ident.as_ref()?, ty: &field.ty, attrs: &field.attrs })
            });
            let named: Vec<_> = named.collect();
            if container.is_transparent {
                let mut kept = named.iter().filter(|field| !FieldAttrs::parse(field.attrs).is_skipped);
                if let (Some(field), None) = (kept.next(), kept.next()) {
                    return field_shape(field.ty, &FieldAttrs::parse(field.attrs), private);
                }
            }
            fields_shape(container, &named, private)
        }
    }
}

/// The record of named fields.
pub(crate) fn fields_shape(container: &Container, fields: &[ShapeSource<'_>], private: &Path) -> TokenStream {
    let site = Span::mixed_site();
    let denies_unknown = container.denies_unknown;
    let mut aliases = Vec::new();
    let fields = fields.iter().filter_map(|field| {
        let attrs = FieldAttrs::parse(field.attrs);
        if attrs.is_skipped {
            return None;
        }
        let name = container.field_name(field.ident, &attrs);
        aliases.extend(attrs.aliases.iter().map(|alias| alias_of(alias, &name, private)));
        let shape = field_shape(field.ty, &attrs, private);
        let presence = if attrs.is_flattened {
            quote_spanned!(site=> Flattened)
        } else if attrs.may_be_missing || container.has_default {
            quote_spanned!(site=> Optional)
        } else if attrs.with.is_none() {
            quote_spanned!(site=> ByType)
        } else {
            quote_spanned!(site=> Required)
        };
        Some(quote_spanned!(site=> (#name, #private::Presence::#presence, #shape)))
    });
    let fields: Vec<_> = fields.collect();
    quote_spanned! {site=>
        #private::record(#private::list([#(#fields),*]), #private::list([#(#aliases),*]), #denies_unknown)
    }
}

/// Another name under which `name` is read.
fn alias_of(alias: &str, name: &str, private: &Path) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> (#private::text(#alias), #private::text(#name)))
}

/// The shape of an enum.
pub(super) fn enum_shape(
    container: &Container,
    variants: &Punctuated<Variant, Token![,]>,
    private: &Path,
) -> TokenStream {
    let site = Span::mixed_site();
    if let Some(stored_as) = &container.stored_as {
        return type_shape(stored_as, private);
    }
    let mut aliases = Vec::new();
    let variants = variants.iter().filter_map(|variant| {
        let mut attrs = Container::of(&variant.attrs);
        if attrs.is_skipped {
            return None;
        }
        attrs.rename_all = attrs.rename_all.or(container.rename_all_fields);
        // serde has it on the enum, for the fields of its variants.
        attrs.denies_unknown = container.denies_unknown;
        let name = container.variant_name(&variant.ident, &attrs);
        aliases.extend(attrs.aliases.iter().map(|alias| alias_of(alias, &name, private)));
        let shape = match &variant.fields {
            Fields::Unit => quote_spanned!(site=> ::core::option::Option::None),
            fields => {
                let shape = struct_shape(&attrs, fields, private);
                quote_spanned!(site=> ::core::option::Option::Some(#shape))
            }
        };
        Some(quote_spanned!(site=> (#private::text(#name), #shape)))
    });
    let variants: Vec<_> = variants.collect();
    let tagging = match (&container.tag, &container.content) {
        _ if container.is_untagged => quote_spanned!(site=> #private::Tagging::Untagged),
        (Some(tag), Some(content)) => quote_spanned! {site=>
            #private::Tagging::Adjacent { tag: #private::text(#tag), content: #private::text(#content) }
        },
        (Some(tag), None) => quote_spanned!(site=> #private::Tagging::Internal { tag: #private::text(#tag) }),
        (None, _) => quote_spanned!(site=> #private::Tagging::External),
    };
    quote_spanned! {site=>
        #private::Shape::Choice(#private::Choice {
            variants: #private::list([#(#variants),*]),
            aliases: #private::list([#(#aliases),*]),
            tagging: #tagging,
        })
    }
}

fn field_shape(ty: &Type, attrs: &FieldAttrs, private: &Path) -> TokenStream {
    let site = Span::mixed_site();
    match &attrs.with {
        Some(with) => {
            let spelled = format!("{} by {with}", text::source(ty.to_token_stream()));
            quote_spanned!(site=> #private::Shape::Spelled(#private::text(#spelled)))
        }
        None => type_shape(ty, private),
    }
}

/// What the type tells, or how it is spelled.
pub(crate) fn type_shape(ty: &Type, private: &Path) -> TokenStream {
    let spelled = text::source(ty.to_token_stream());
    quote_spanned!(Span::mixed_site()=> #private::Probe::<#ty>::new().shape(outer, #spelled))
}
