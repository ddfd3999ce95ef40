//! serde's attributes, as far as they change what is stored.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Member, Meta, Token, Type};

use super::rename::Rule;

/// The attributes of a struct or an enum, or of a variant.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "serde's attributes are flags")]
pub(crate) struct Container {
    pub(super) rename_all: Option<Rule>,
    pub(super) rename_all_fields: Option<Rule>,
    pub(super) has_default: bool,
    pub(super) denies_unknown: bool,
    pub(super) is_transparent: bool,
    pub(super) is_untagged: bool,
    pub(super) tag: Option<String>,
    pub(super) content: Option<String>,
    /// The type that is stored instead.
    pub(super) stored_as: Option<Type>,
    /// The name of a variant.
    pub(super) rename: Option<String>,
    /// Other names of a variant.
    pub(super) aliases: Vec<String>,
    pub(super) is_skipped: bool,
}

/// The attributes of a field.
#[derive(Default)]
pub(super) struct FieldAttrs {
    pub(super) rename: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) may_be_missing: bool,
    pub(super) is_skipped: bool,
    pub(super) is_flattened: bool,
    /// The path of `with` or `deserialize_with`, which may store anything.
    pub(super) with: Option<String>,
}

impl Container {
    /// What serde itself refuses is left to serde.
    pub(crate) fn of(attrs: &[Attribute]) -> Self {
        let mut container = Self::default();
        for (key, value) in metas(attrs) {
            let text = value.as_ref().map(LitStr::value);
            match key.as_str() {
                "rename_all" => container.rename_all = text.as_deref().and_then(Rule::parse),
                "rename_all_fields" => container.rename_all_fields = text.as_deref().and_then(Rule::parse),
                "rename" => container.rename = text,
                "alias" => container.aliases.extend(text),
                "default" => container.has_default = true,
                "deny_unknown_fields" => container.denies_unknown = true,
                "transparent" => container.is_transparent = true,
                "untagged" => container.is_untagged = true,
                "tag" => container.tag = text,
                "content" => container.content = text,
                "skip" | "skip_deserializing" => container.is_skipped = true,
                "from" | "try_from" => {
                    container.stored_as = value.and_then(|value| value.parse().ok());
                }
                _ => {}
            }
        }
        container
    }

    /// The stored name of a field.
    pub(super) fn field_name(&self, ident: &Ident, attrs: &FieldAttrs) -> String {
        attrs
            .rename
            .clone()
            .unwrap_or_else(|| self.rename_all.map_or_else(|| ident.unraw().to_string(), |rule| rule.field(ident)))
    }

    /// The stored name of a field, or its place after so many others; `None` if it is skipped, or flattened.
    pub(crate) fn stored_name(&self, member: &Member, attrs: &[Attribute], others: usize) -> Option<String> {
        let attrs = FieldAttrs::parse(attrs);
        let is_stored = !attrs.is_skipped && !attrs.is_flattened;
        is_stored.then(|| match member {
            Member::Named(ident) => self.field_name(ident, &attrs),
            Member::Unnamed(_) => others.to_string(),
        })
    }

    /// The stored name of a variant.
    pub(super) fn variant_name(&self, ident: &Ident, variant: &Self) -> String {
        let renamed = variant.rename.clone();
        renamed.unwrap_or_else(|| self.rename_all.map_or_else(|| ident.unraw().to_string(), |rule| rule.variant(ident)))
    }
}

impl FieldAttrs {
    pub(super) fn parse(attrs: &[Attribute]) -> Self {
        let mut field = Self::default();
        for (key, value) in metas(attrs) {
            let text = value.map(|value| value.value());
            match key.as_str() {
                "rename" => field.rename = text,
                "alias" => field.aliases.extend(text),
                "default" => field.may_be_missing = true,
                "skip" | "skip_deserializing" => field.is_skipped = true,
                "flatten" => field.is_flattened = true,
                "with" | "deserialize_with" => field.with = text,
                _ => {}
            }
        }
        field
    }
}

/// Every `key`, `key = "text"` and `key(deserialize = "text")` of `#[serde(..)]`.
fn metas(attrs: &[Attribute]) -> Vec<(String, Option<LitStr>)> {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    let metas = serde.filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    metas.flatten().filter_map(|meta| Some((meta.path().get_ident()?.to_string(), text(&meta)))).collect()
}

fn text(meta: &Meta) -> Option<LitStr> {
    match meta {
        Meta::Path(_) => None,
        Meta::NameValue(meta) => literal(&meta.value),
        Meta::List(list) => {
            let inner = list.parse_args_with(Punctuated::<NameValue, Token![,]>::parse_terminated).ok()?;
            inner.into_iter().find(|inner| inner.name == "deserialize").map(|inner| inner.value)
        }
    }
}

fn literal(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

struct NameValue {
    name: String,
    value: LitStr,
}

impl Parse for NameValue {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?.to_string();
        input.parse::<Token![=]>()?;
        Ok(Self { name, value: input.parse()? })
    }
}
