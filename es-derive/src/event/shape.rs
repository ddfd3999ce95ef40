//! The shape of a version: its fields, with the serde attributes that applied to them.
//!
//! Only the current shape is written by the user; each older one is computed from the one after it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Member, Meta, Token, Type};

use super::attrs::EventInput;
use super::change::Change;
use crate::diagnostics::Diagnostics;
use crate::text;

#[derive(Clone)]
pub(super) struct Shape {
    pub(super) version: u32,
    /// The name that the user has given to its struct.
    pub(super) name: Option<Ident>,
    pub(super) fields: Vec<ShapeField>,
}

#[derive(Clone)]
pub(super) struct ShapeField {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    /// Only those of serde.
    pub(super) attrs: Vec<Attribute>,
}

impl Shape {
    pub(super) fn current(event: &EventInput<'_>) -> Self {
        let fields = event.fields.iter().filter_map(|field| match &field.member {
            Member::Named(ident) => {
                Some(ShapeField { ident: ident.clone(), ty: field.ty.clone(), attrs: of_serde(&field.attrs) })
            }
            Member::Unnamed(_) => None,
        });
        Self { version: event.version(), name: None, fields: fields.collect() }
    }

    /// The shape of version `version`, if `changes` led from it to this one.
    pub(super) fn before(
        &self,
        changes: &[Change],
        version: u32,
        event: &EventInput<'_>,
        diagnostics: &Diagnostics,
    ) -> Self {
        let mut older = Self { version, name: None, fields: self.fields.clone() };
        let mut touched: Vec<&Change> = Vec::new();
        for change in changes {
            let Some(field) = change.newer_field() else { continue };
            if let Some(earlier) = touched.iter().find(|earlier| earlier.newer_field() == Some(field)) {
                diagnostics.error(field, twice(field, earlier, change));
                continue;
            }
            touched.push(change);
            let Some(index) = older.fields.iter().position(|known| known.ident == *field) else {
                let known: Vec<_> = self.fields.iter().map(|field| &field.ident).collect();
                let known = text::list(&known);
                let message = format!("version {} has no field `{field}`; its fields are {known}", self.version);
                diagnostics.error(field, message);
                if let Change::Rename { old, .. } | Change::Retype { old, .. } = change {
                    // Older hops may speak of it all the same.
                    older.fields.push(removed(&[], old, None, event));
                }
                continue;
            };
            match change {
                Change::Add { .. } => {
                    older.fields.remove(index);
                }
                Change::Rename { old, .. } => {
                    let renamed = &mut older.fields[index];
                    renamed.ident = old.clone();
                    renamed.attrs = renamed.attrs.iter().filter_map(without_names).collect();
                }
                Change::Retype { attrs, old, ty, new, .. } => {
                    let retyped = &mut older.fields[index];
                    let kept: Vec<_> =
                        if old == new { retyped.attrs.iter().filter_map(only_name).collect() } else { Vec::new() };
                    retyped.ident = old.clone();
                    retyped.ty = (**ty).clone();
                    retyped.attrs = kept.into_iter().chain(of_serde(attrs)).collect();
                }
                Change::Remove { .. } => {}
            }
        }
        for change in changes {
            let Change::Remove { attrs, field, ty } = change else { continue };
            if self.keeps(field, changes) {
                let message = format!(
                    "version {} still has the field `{field}`; use `change` if it has another type",
                    self.version
                );
                diagnostics.error(field, message);
            } else {
                older.fields.push(removed(attrs, field, ty.as_deref(), event));
            }
        }
        for change in changes {
            let Some(old) = change.older_field() else { continue };
            if older.fields.iter().filter(|field| field.ident == *old).count() > 1 {
                let message = format!("version {version} would have two fields `{old}`; say what the other one was");
                diagnostics.error(old, message);
            }
        }
        older
    }

    /// Whether the field is there, and no change is about it.
    fn keeps(&self, field: &Ident, changes: &[Change]) -> bool {
        self.fields.iter().any(|known| known.ident == *field)
            && !changes.iter().any(|change| change.newer_field() == Some(field))
    }
}

fn twice(field: &Ident, earlier: &Change, change: &Change) -> String {
    match (earlier, change) {
        (Change::Rename { old, .. }, Change::Retype { ty, .. })
        | (Change::Retype { ty, .. }, Change::Rename { old, .. }) => {
            let ty = text::source(ty.to_token_stream());
            format!("field `{field}` changes twice in this hop; say it once: `change({old}: {ty} => {field} = ..)`")
        }
        _ => format!("field `{field}` changes twice in this hop; say it once"),
    }
}

/// A field that the older version had; without a type, its value is passed over.
fn removed(attrs: &[Attribute], field: &Ident, ty: Option<&Type>, event: &EventInput<'_>) -> ShapeField {
    let mut attrs = of_serde(attrs);
    let ty = ty.cloned().unwrap_or_else(|| {
        let private = &event.private;
        attrs.push(syn::parse_quote!(#[serde(default)]));
        syn::parse_quote_spanned!(Span::mixed_site()=> #private::serde::de::IgnoredAny)
    });
    ShapeField { ident: field.clone(), ty, attrs }
}

fn of_serde(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("serde")).cloned().collect()
}

/// A field that had another Rust name is taken to have had that one in storage, too.
fn without_names(attr: &Attribute) -> Option<Attribute> {
    keep(attr, |meta| !meta.path().is_ident("rename") && !meta.path().is_ident("alias"))
}

/// A field of another type had the same name in storage, but what reads the new type does not read the old one.
fn only_name(attr: &Attribute) -> Option<Attribute> {
    keep(attr, |meta| meta.path().is_ident("rename") || meta.path().is_ident("alias"))
}

fn keep(attr: &Attribute, is_kept: impl Fn(&Meta) -> bool) -> Option<Attribute> {
    let metas = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let kept: Vec<_> = metas.into_iter().filter(is_kept).collect();
    (!kept.is_empty()).then(|| syn::parse_quote!(#[serde(#(#kept),*)]))
}

/// Container attributes under which a shape with fewer fields is read in another way.
const NOT_CARRIED: &[&str] =
    &["transparent", "from", "try_from", "into", "tag", "content", "untagged", "default", "remote"];

/// Container attributes that mean the same for every shape.
const CARRIED: &[&str] = &["rename_all", "deny_unknown_fields", "bound"];

/// Refuses what cannot be carried back to an older shape.
pub(super) fn refuse_container_attributes(event: &EventInput<'_>, diagnostics: &Diagnostics) {
    for meta in container_metas(event) {
        if let Some(key) = NOT_CARRIED.iter().find(|key| meta.path().is_ident(key)) {
            diagnostics.error(
                &meta,
                format!("`#[serde({key})]` cannot be carried back to older versions; use `#[upcast(.., from = Old)]`"),
            );
        }
    }
}

/// The container attributes that an older shape gets, each followed by a comma.
pub(super) fn carried_attributes(event: &EventInput<'_>) -> TokenStream {
    let carried = container_metas(event);
    let carried = carried.iter().filter(|meta| CARRIED.iter().any(|key| meta.path().is_ident(key)));
    carried.flat_map(|meta| [meta.to_token_stream(), <Token![,]>::default().to_token_stream()]).collect()
}

fn container_metas(event: &EventInput<'_>) -> Vec<Meta> {
    let serde = event.item.attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    serde
        .filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok())
        .flatten()
        .collect()
}
