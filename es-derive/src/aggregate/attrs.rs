//! `#[aggregate(..)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;
use syn::parse::ParseStream;
use syn::{DeriveInput, LitStr, Path, Type};

use super::events::{self, EventKeys};
use super::invariant::Invariant;
use super::snapshot::{self, Snapshot};
use crate::attr::{Grammar, Mentioned};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::event_set::History;
use crate::input;
use crate::stored_name;
use crate::text;
use crate::value::{self, CratePath, Home, Once};

/// An aggregate as the user wrote it.
pub(super) struct AggregateInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) name: String,
    pub(super) id: Option<Type>,
    pub(super) error: Option<Type>,
    /// What stands for those that a mistake hides.
    pub(super) unknown: TokenStream,
    pub(super) events: Set,
    pub(super) history: History,
    pub(super) commands: Set,
    /// Those without a mistake.
    pub(super) invariants: Vec<Invariant>,
    pub(super) snapshot: Option<Snapshot>,
}

/// Where the type of all events, or of all commands, comes from.
pub(super) enum Set {
    /// `events(..)`, `commands(..)`: the derive writes the enum.
    Listed { ident: Ident, entries: Vec<Entry>, derive: Vec<Path> },
    /// `event = path`: an enum of the user's, with `#[derive(EventSet)]`.
    Named(Path),
    /// A mistake hides it: `ident` is a name for `ty`, about which nothing else is said.
    Unknown { ident: Ident, ty: TokenStream },
}

const AGGREGATE: Grammar = Grammar {
    name: "aggregate",
    keys: &[
        "name",
        "id",
        "error",
        "events",
        "split",
        "retired",
        "commands",
        "snapshot",
        "event_enum",
        "event_derive",
        "command_enum",
        "command_derive",
        "event",
        "crate",
    ],
};

#[derive(Default)]
struct Keys {
    name: Once<LitStr>,
    id: Once<Type>,
    error: Once<Type>,
    events: EventKeys,
    commands: Once<Vec<Entry>>,
    command_enum: Once<Ident>,
    command_derive: Once<Vec<Path>>,
    snapshot: Once<Snapshot>,
    krate: CratePath,
}

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> AggregateInput<'a> {
    let mut keys = Keys::default();
    let mentioned = AGGREGATE.read(&item.attrs, diagnostics, |key, input| keys.read(key, input, diagnostics));
    input::fields(item, "an aggregate", "write one that holds the enum", diagnostics);
    input::refuse_lifetimes(item, "an aggregate", diagnostics);
    report_missing(item, &mentioned, diagnostics);
    keys.check(item, home, diagnostics)
}

impl Keys {
    fn read(&mut self, key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<()> {
        match key.to_string().as_str() {
            "name" => self.name.set(key, value::string(key, input)?),
            "id" => self.id.set(key, value::value(key, input, "a type")?),
            "error" => self.error.set(key, value::value(key, input, "a type")?),
            "commands" => self.commands.set(key, entries::list(key, input, "command", diagnostics)?),
            "command_enum" => self.command_enum.set(key, value::value(key, input, "a name")?),
            "command_derive" => self.command_derive.set(key, value::list(key, input, diagnostics)?),
            "snapshot" => self.snapshot.set(key, Snapshot::parse(key, input, diagnostics)?),
            "crate" => self.krate.set(key, input),
            other if AGGREGATE.keys.contains(&other) => self.events.read(key, input, diagnostics),
            _ => Err(AGGREGATE.unknown(key)),
        }
    }

    fn check<'a>(self, item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> AggregateInput<'a> {
        let name = self.name.get().and_then(|literal| stored_name::category(literal, "aggregate", diagnostics));
        let enum_ident = |suffix: &str| format_ident!("{}{suffix}", text::name(&item.ident), span = item.ident.span());
        let (events, history) = self.events.check(enum_ident("Event"), diagnostics);
        let command_enum = self.command_enum.take().unwrap_or_else(|| enum_ident("Command"));
        let command_derive = self.command_derive.take().unwrap_or_else(|| standard(&["fmt::Debug", "clone::Clone"]));
        let commands = match self.commands.take() {
            Some(entries) => Set::Listed { ident: command_enum, entries, derive: command_derive },
            None => Set::Unknown { ident: command_enum, ty: diagnostics.unknown_type() },
        };
        if self.snapshot.get().is_some() {
            snapshot::refuse_skipped(item, diagnostics);
        }
        AggregateInput {
            item,
            private: self.krate.private(home),
            name: name.unwrap_or_else(|| text::separated(&item.ident, '_')),
            id: self.id.take(),
            error: self.error.take(),
            unknown: diagnostics.unknown_type(),
            events,
            history,
            commands,
            invariants: Invariant::all(&item.attrs, diagnostics),
            snapshot: self.snapshot.take(),
        }
    }
}

fn report_missing(item: &DeriveInput, mentioned: &Mentioned, diagnostics: &Diagnostics) {
    let place = AGGREGATE.place(item);
    let suggestion = text::separated(&item.ident, '_');
    let name = format!("an aggregate needs a stored name, which is never changed; write `name = \"{suggestion}\"`");
    if mentioned.is_nothing() {
        let keys = format!("name = \"{suggestion}\", id = String, error = .., events(..), commands(..)");
        diagnostics.error(place, format!("an aggregate says what it is made of: `#[aggregate({keys})]`"));
        return;
    }
    let missing = [
        ("name", name.as_str()),
        ("id", "an aggregate needs an id; write `id = String`, or another type that displays itself"),
        (
            "error",
            "an aggregate needs an error for refused commands; write `error = ..`, \
             or `error = std::convert::Infallible` if it refuses none",
        ),
        ("commands", "an aggregate needs commands; write `commands(Open, ..)`, or `commands()` if there are none yet"),
    ];
    for (_, message) in missing.iter().filter(|(key, _)| mentioned.lacks(key)) {
        diagnostics.error(&place, message);
    }
    if mentioned.lacks("events") && mentioned.lacks("event") {
        diagnostics.error(&place, events::NONE);
    }
}

pub(super) fn standard(paths: &[&str]) -> Vec<Path> {
    let path = |path: &&str| {
        let segments = path.split("::").map(|segment| Ident::new(segment, Span::mixed_site()));
        syn::parse_quote!(::core::#(#segments)::*)
    };
    paths.iter().map(path).collect()
}
