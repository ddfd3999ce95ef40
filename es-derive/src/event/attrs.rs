//! `#[event(..)]` and the list of `#[upcast(..)]`s.

use proc_macro2::{Ident, Span};
use syn::{DeriveInput, Generics, LitInt, LitStr, Path};

use super::hop::Hop;
use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::input::{self, Field};
use crate::text;

/// An event as the user wrote it.
pub(super) struct EventInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) private: Path,
    pub(super) name: String,
    /// Names that it had before.
    pub(super) aliases: Vec<String>,
    pub(super) version: u32,
    /// The oldest version that may be stored.
    pub(super) oldest: u32,
    /// What to complain about if the version is wrong.
    pub(super) version_span: Span,
    pub(super) fields: Vec<Field>,
    pub(super) hops: Vec<Hop>,
}

pub(super) fn parse<'a>(item: &'a DeriveInput, diagnostics: &Diagnostics) -> EventInput<'a> {
    let (mut name, mut version, mut krate) =
        (Once::<LitStr>::default(), Once::<LitInt>::default(), CratePath::default());
    let (mut oldest, mut aliases) = (Once::<LitInt>::default(), Vec::<LitStr>::new());
    attr::for_each_key(&item.attrs, "event", diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, attr::string(key, input)?),
        "alias" => {
            aliases.push(attr::string(key, input)?);
            Ok(())
        }
        "version" => version.set(key, attr::value(key, input)?),
        "oldest" => oldest.set(key, attr::value(key, input)?),
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "event", &["name", "alias", "version", "oldest", "crate"])),
    });
    input::refuse_lifetimes(item, "an event", diagnostics);
    let fields = input::fields(item, "an event", diagnostics);
    let hops = item
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("upcast"))
        .filter_map(|attr| Hop::parse(attr, diagnostics))
        .collect();
    let current = version.get().map_or(1, |literal| positive(literal, diagnostics));
    EventInput {
        item,
        ident: &item.ident,
        generics: &item.generics,
        private: krate.private(),
        name: stored_name(item, name.get(), diagnostics),
        aliases: aliases.iter().map(|alias| checked_name(alias, diagnostics)).collect(),
        version: current,
        oldest: oldest.get().map_or(1, |literal| oldest_version(literal, current, diagnostics)),
        version_span: version.get().map_or(item.ident.span(), LitInt::span),
        fields,
        hops,
    }
}

fn stored_name(item: &DeriveInput, name: Option<&LitStr>, diagnostics: &Diagnostics) -> String {
    let Some(literal) = name else {
        let suggestion = text::separated(&item.ident, '-');
        let message =
            format!("an event needs a stored name, which is never changed; write `#[event(name = \"{suggestion}\")]`");
        match attr::find(&item.attrs, "event") {
            Some(path) => diagnostics.error(path, message),
            None => diagnostics.error(&item.ident, message),
        }
        return suggestion;
    };
    checked_name(literal, diagnostics)
}

fn checked_name(literal: &LitStr, diagnostics: &Diagnostics) -> String {
    let name = literal.value();
    if name.is_empty() {
        diagnostics.error(literal, "a stored name may not be empty");
    } else if name.len() > 255 {
        diagnostics.error(literal, format!("a stored name has at most 255 bytes, this one has {}", name.len()));
    } else if name.starts_with('$') {
        diagnostics.error(literal, "stored names that start with `$` are reserved for stores; choose another");
    } else if name.chars().any(char::is_control) {
        diagnostics.error(literal, "a stored name holds no control character");
    }
    name
}

fn oldest_version(literal: &LitInt, current: u32, diagnostics: &Diagnostics) -> u32 {
    let oldest = positive(literal, diagnostics);
    if oldest > current {
        let message = format!("the oldest version cannot be newer than the current one, which is {current}");
        diagnostics.error(literal, message);
        return current;
    }
    oldest
}

fn positive(literal: &LitInt, diagnostics: &Diagnostics) -> u32 {
    match literal.base10_parse() {
        Ok(0) => {
            diagnostics.error(literal, "versions are counted from 1");
            1
        }
        Ok(version) => version,
        Err(error) => {
            diagnostics.push(error);
            1
        }
    }
}
