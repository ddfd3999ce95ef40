//! `#[event(..)]` and the list of `#[upcast(..)]`s.

use proc_macro2::{Ident, Span};
use syn::{Data, DeriveInput, Generics, LitInt, LitStr, Path};

use super::hop::Hop;
use crate::attr::Grammar;
use crate::diagnostics::Diagnostics;
use crate::input::{self, Field};
use crate::stored_name;
use crate::text;
use crate::value::{self, CratePath, Home, Once};

/// An event as the user wrote it.
pub(super) struct EventInput<'a> {
    /// What it is, in the plural.
    pub(super) noun: &'static str,
    pub(super) item: &'a DeriveInput,
    pub(super) ident: &'a Ident,
    pub(super) generics: &'a Generics,
    pub(super) private: Path,
    /// `None` if a mistake hides it.
    pub(super) name: Option<String>,
    /// Names that it had before.
    pub(super) aliases: Vec<String>,
    /// `None` if a mistake hides them.
    pub(super) versions: Option<Versions>,
    /// What to complain about if the version is wrong.
    pub(super) version_span: Span,
    pub(super) fields: Vec<Field>,
    /// `None` if one of them does not even say between which versions it goes.
    pub(super) hops: Option<Vec<Hop>>,
}

/// The versions that are read.
#[derive(Clone, Copy)]
pub(super) struct Versions {
    pub(super) oldest: u32,
    pub(super) current: u32,
}

const EVENT: Grammar = Grammar { name: "event", keys: &["name", "alias", "version", "oldest", "crate"] };

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> EventInput<'a> {
    let (mut name, mut aliases, mut krate) = (Once::<LitStr>::default(), Vec::new(), CratePath::default());
    let (mut version, mut oldest) = (Once::<LitInt>::default(), Once::<LitInt>::default());
    let mentioned = EVENT.read(&item.attrs, diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, value::string(key, input)?),
        "alias" => {
            aliases.push(value::string(key, input)?);
            Ok(())
        }
        "version" => version.set(key, value::value(key, input, "a number")?),
        "oldest" => oldest.set(key, value::value(key, input, "a number")?),
        "crate" => krate.set(key, input),
        _ => Err(EVENT.unknown(key)),
    });
    if mentioned.lacks("name") {
        let suggestion = text::separated(&item.ident, '-');
        let message =
            format!("an event needs a stored name, which is never changed; write `#[event(name = \"{suggestion}\")]`");
        diagnostics.error(EVENT.place(item), message);
    }
    input::refuse_lifetimes(item, "an event", diagnostics);
    let fields = input::fields(item, "an event", "write one for each variant", diagnostics);
    let upcasts = item.attrs.iter().filter(|attr| attr.path().is_ident("upcast"));
    let hops: Vec<_> = upcasts.map(|attr| Hop::parse(attr, diagnostics)).collect();
    let of_key = |literal: Option<&LitInt>, key| match literal {
        Some(literal) => diagnostics.ok(value::version(literal)),
        None => mentioned.lacks(key).then_some(1),
    };
    let (current, oldest_known) = (of_key(version.get(), "version"), of_key(oldest.get(), "oldest"));
    let versions = current.zip(oldest_known).map(|(current, oldest)| Versions { oldest, current });
    EventInput {
        noun: "events",
        item,
        ident: &item.ident,
        generics: &item.generics,
        private: krate.private(home),
        name: name.get().and_then(|literal| stored_name::check(literal, diagnostics)),
        aliases: aliases.iter().filter_map(|literal| stored_name::check(literal, diagnostics)).collect(),
        versions: versions.filter(|versions| is_ordered(*versions, oldest.get(), diagnostics)),
        version_span: version.get().map_or(item.ident.span(), LitInt::span),
        fields,
        hops: hops.into_iter().collect(),
    }
}

pub(super) fn is_ordered(versions: Versions, oldest: Option<&LitInt>, diagnostics: &Diagnostics) -> bool {
    let Versions { oldest: first, current } = versions;
    if first > current {
        let message = format!("the oldest version cannot be newer than the current one, which is {current}");
        diagnostics.error(oldest, message);
    }
    first <= current
}

impl EventInput<'_> {
    /// Whether it is what it should be, an enum or union having been reported.
    pub(super) fn is_struct(&self) -> bool {
        matches!(self.item.data, Data::Struct(_))
    }

    /// The current version; 1 if a mistake hides it.
    pub(super) fn version(&self) -> u32 {
        self.versions.map_or(1, |versions| versions.current)
    }

    /// The oldest version that is read.
    pub(super) fn oldest(&self) -> u32 {
        self.versions.map_or(1, |versions| versions.oldest)
    }
}
