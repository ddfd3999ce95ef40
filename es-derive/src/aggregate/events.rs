//! Those keys of `#[aggregate(..)]` that are about its events.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{LitStr, Path};

use super::attrs::{self, Set};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::event_set::History;
use crate::value::{self, Once};

/// What was given, each with its key.
#[derive(Default)]
pub(super) struct EventKeys {
    listed: Once<(Ident, Vec<Entry>)>,
    named: Once<Path>,
    split: Once<(Ident, Vec<Entry>)>,
    retired: Once<(Ident, Vec<LitStr>)>,
    ident: Once<(Ident, Ident)>,
    derive: Once<(Ident, Vec<Path>)>,
}

/// The mistake of an empty or missing list.
pub(super) const NONE: &str = "an aggregate needs events; write `events(Opened, ..)`";

impl EventKeys {
    pub(super) fn read(&mut self, key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<()> {
        let owned = key.clone();
        match key.to_string().as_str() {
            "events" => self.listed.set(key, (owned, entries::events(key, input, NONE, diagnostics)?)),
            "split" => self.split.set(key, (owned, entries::list(key, input, "event", diagnostics)?)),
            "retired" => self.retired.set(key, (owned, History::retired(key, input, diagnostics)?)),
            "event_enum" => self.ident.set(key, (owned, value::value(key, input, "a name")?)),
            "event_derive" => self.derive.set(key, (owned, value::list(key, input, diagnostics)?)),
            _ if input.peek(syn::token::Paren) => {
                Err(syn::Error::new_spanned(key, "a list of events is called `events(..)`"))
            }
            _ => self.named.set(key, value::value(key, input, "the path of an enum")?),
        }
    }

    /// Where the set of events comes from, `default` being the name for one that the derive writes.
    pub(super) fn check(self, default: Ident, diagnostics: &Diagnostics) -> (Set, History) {
        match (self.listed.get(), self.named.get()) {
            (None, Some(path)) => {
                self.refuse_beside_named(diagnostics);
                return (Set::Named(path.clone()), History::default());
            }
            (Some((key, _)), Some(_)) => {
                let message = "`event = ..` names a set of events that is written already; remove `events(..)`";
                diagnostics.error(key, message);
            }
            (_, None) => {}
        }
        let ident = self.ident.take().map_or(default, |(_, ident)| ident);
        let entries = self.listed.take().map(|(_, entries)| entries).unwrap_or_default();
        if entries.is_empty() {
            return (Set::Unknown { ident, ty: diagnostics.unknown_type() }, History::default());
        }
        let derive = self.derive.take().map(|(_, derive)| derive);
        let split = self.split.take().map(|(_, split)| split).unwrap_or_default();
        let history = History {
            split: entries::elsewhere(split, &entries, diagnostics),
            retired: self.retired.take().map(|(_, retired)| retired).unwrap_or_default(),
        };
        let derive = derive.unwrap_or_else(|| attrs::standard(&["fmt::Debug", "clone::Clone", "cmp::PartialEq"]));
        let set = Set::Listed { ident, entries, derive };
        (set, history)
    }

    /// What is about the enum that `events(..)` makes says nothing about one that is written already.
    fn refuse_beside_named(&self, diagnostics: &Diagnostics) {
        let history = [self.split.get().map(|(key, _)| key), self.retired.get().map(|(key, _)| key)];
        for key in history.into_iter().flatten() {
            let message =
                format!("a set of events that is written already says this itself: `#[event_set({key}(..))]`");
            diagnostics.error(key, message);
        }
        let item = [self.ident.get().map(|(key, _)| key), self.derive.get().map(|(key, _)| key)];
        for key in item.into_iter().flatten() {
            diagnostics.error(key, format!("`{key}` is about the enum that `events(..)` makes; remove it"));
        }
    }
}
