//! `#[aggregate(..)]`.

use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{DeriveInput, LitStr, Path, Type};

use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::event_set::History;
use crate::input;
use crate::text;

/// An aggregate as the user wrote it.
pub(super) struct AggregateInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) name: String,
    pub(super) id: Option<Type>,
    pub(super) error: Option<Type>,
    pub(super) events: Events,
    pub(super) commands: Vec<Entry>,
    pub(super) command_enum: Ident,
    pub(super) command_derive: Vec<Path>,
}

/// Where the set of events comes from.
pub(super) enum Events {
    /// `events(..)`: the derive writes the enum.
    Listed { ident: Ident, entries: Vec<Entry>, history: History, derive: Vec<Path> },
    /// `event = path`: an enum of the user's, with `#[derive(EventSet)]`.
    Named(Path),
}

const KEYS: &[&str] = &[
    "name",
    "id",
    "error",
    "events",
    "split",
    "retired",
    "commands",
    "event_enum",
    "event_derive",
    "command_enum",
    "command_derive",
    "event",
    "crate",
];

#[derive(Default)]
struct Keys {
    name: Once<LitStr>,
    id: Once<Type>,
    error: Once<Type>,
    events: Once<(Ident, Vec<Entry>)>,
    split: Once<Vec<Entry>>,
    retired: Once<Vec<LitStr>>,
    commands: Once<Vec<Entry>>,
    event_enum: Once<Ident>,
    event_derive: Once<Vec<Path>>,
    command_enum: Once<Ident>,
    command_derive: Once<Vec<Path>>,
    event: Once<Path>,
    krate: CratePath,
}

pub(super) fn parse<'a>(item: &'a DeriveInput, diagnostics: &Diagnostics) -> AggregateInput<'a> {
    let mut keys = Keys::default();
    attr::for_each_key(&item.attrs, "aggregate", diagnostics, |key, input| match key.to_string().as_str() {
        "name" => keys.name.set(key, attr::string(key, input)?),
        "id" => keys.id.set(key, attr::value(key, input)?),
        "error" => keys.error.set(key, attr::value(key, input)?),
        "events" => keys.events.set(key, (key.clone(), attr::list(key, input)?)),
        "split" => keys.split.set(key, attr::list(key, input)?),
        "retired" => keys.retired.set(key, attr::list(key, input)?),
        "commands" => keys.commands.set(key, attr::list(key, input)?),
        "event_enum" => keys.event_enum.set(key, attr::value(key, input)?),
        "event_derive" => keys.event_derive.set(key, attr::list(key, input)?),
        "command_enum" => keys.command_enum.set(key, attr::value(key, input)?),
        "command_derive" => keys.command_derive.set(key, attr::list(key, input)?),
        "event" => keys.event.set(key, attr::value(key, input)?),
        "crate" => keys.krate.set(key, input),
        _ => Err(attr::unknown(key, "aggregate", KEYS)),
    });
    input::fields(item, "an aggregate", diagnostics);
    input::refuse_lifetimes(item, "an aggregate", diagnostics);
    keys.check(item, diagnostics)
}

impl Keys {
    fn check<'a>(self, item: &'a DeriveInput, diagnostics: &Diagnostics) -> AggregateInput<'a> {
        let place =
            attr::find(&item.attrs, "aggregate").map_or(item.ident.to_token_stream(), ToTokens::to_token_stream);
        if self.id.get().is_none() {
            diagnostics
                .error(&place, "an aggregate needs an id; write `id = String`, or another type that displays itself");
        }
        if self.error.get().is_none() {
            diagnostics.error(
                &place,
                "an aggregate needs an error for refused commands; write `error = ..`, \
                 or `error = std::convert::Infallible` if it refuses none",
            );
        }
        let name = stored_name(item, self.name.get(), &place, diagnostics);
        let type_name = text::name(&item.ident);
        let enum_ident = |suffix: &str| format_ident!("{type_name}{suffix}", span = item.ident.span());
        let has_history = self.split.get().is_some() || self.retired.get().is_some();
        let history = History::check(self.split.take(), self.retired.take(), diagnostics);
        let events = match (self.events.take(), self.event.take()) {
            (Some((key, _)), Some(_)) => {
                diagnostics
                    .error(key, "`event = ..` names a set of events that is written already; remove `events(..)`");
                Events::Listed { ident: enum_ident("Event"), entries: Vec::new(), history, derive: Vec::new() }
            }
            (None, Some(path)) => {
                if has_history {
                    let message = "a set of events that is written already says itself what is split and retired; \
                                   write `#[event_set(split(..), retired(..))]` on it";
                    diagnostics.error(&path, message);
                }
                Events::Named(path)
            }
            (listed, None) => {
                let entries = listed.map(|(_, entries)| entries).unwrap_or_default();
                if entries.is_empty() {
                    diagnostics.error(&place, "an aggregate needs events; write `events(Opened, ..)`");
                }
                Events::Listed {
                    ident: self.event_enum.take().unwrap_or_else(|| enum_ident("Event")),
                    entries: entries::unique(entries, "event", diagnostics),
                    history,
                    derive: self
                        .event_derive
                        .take()
                        .unwrap_or_else(|| standard(&["fmt::Debug", "clone::Clone", "cmp::PartialEq"])),
                }
            }
        };
        AggregateInput {
            item,
            private: self.krate.private(),
            name,
            id: self.id.take(),
            error: self.error.take(),
            events,
            commands: entries::unique(self.commands.take().unwrap_or_default(), "command", diagnostics),
            command_enum: self.command_enum.take().unwrap_or_else(|| enum_ident("Command")),
            command_derive: self.command_derive.take().unwrap_or_else(|| standard(&["fmt::Debug", "clone::Clone"])),
        }
    }
}

fn stored_name(
    item: &DeriveInput,
    name: Option<&LitStr>,
    place: &proc_macro2::TokenStream,
    diagnostics: &Diagnostics,
) -> String {
    let suggestion = text::separated(&item.ident, '_');
    let Some(literal) = name else {
        diagnostics.error(
            place,
            format!("an aggregate needs a stored name, which is never changed; write `name = \"{suggestion}\"`"),
        );
        return suggestion;
    };
    let name = literal.value();
    if name.is_empty() {
        diagnostics.error(literal, "a stored name may not be empty");
    } else if name.contains('-') {
        let instead = name.replace('-', "_");
        diagnostics.error(
            literal,
            format!(
                "the name of an aggregate holds no `-`, which begins the id in a stream's name; write `\"{instead}\"`"
            ),
        );
    } else if name.starts_with('$') {
        diagnostics.error(literal, "stored names that start with `$` are reserved for stores; choose another");
    } else if name.len() > 255 {
        diagnostics.error(literal, format!("a stored name has at most 255 bytes, this one has {}", name.len()));
    } else if name.chars().any(char::is_control) {
        diagnostics.error(literal, "a stored name holds no control character");
    }
    name
}

fn standard(paths: &[&str]) -> Vec<Path> {
    let path = |path: &&str| {
        let segments = path.split("::").map(|segment| Ident::new(segment, Span::mixed_site()));
        syn::parse_quote!(::core::#(#segments)::*)
    };
    paths.iter().map(path).collect()
}
