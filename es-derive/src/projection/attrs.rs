//! `#[projection(..)]`.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, LitStr, Path, Token, parenthesized};

use crate::attr::{Grammar, Mentioned};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;
use crate::stored_name;
use crate::text;
use crate::value::{self, CratePath, Home, Once};

/// A projection as the user wrote it.
pub(super) struct ProjectionInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) name: String,
    pub(super) entries: Vec<Entry>,
    pub(super) split: Vec<Split>,
}

/// `Relocated = CustomerEvent(StreetChanged, CityChanged)`: a stored event, the set that it is read as a part of, and
/// which of those events the projection takes.
pub(super) struct Split {
    pub(super) stored: Entry,
    pub(super) set: Path,
    pub(super) taken: Vec<Entry>,
}

const PROJECTION: Grammar = Grammar { name: "projection", keys: &["name", "events", "split", "crate"] };

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> ProjectionInput<'a> {
    let (mut name, mut krate) = (Once::<LitStr>::default(), CratePath::default());
    let (mut events, mut split) = (Once::<Vec<Entry>>::default(), Once::<Vec<Split>>::default());
    let mentioned = PROJECTION.read(&item.attrs, diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, value::string(key, input)?),
        "events" => events.set(key, entries::events(key, input, NO_EVENTS, diagnostics)?),
        "split" => split.set(key, value::list(key, input, diagnostics)?),
        "crate" => krate.set(key, input),
        _ => Err(PROJECTION.unknown(key)),
    });
    input::fields(item, "a projection", "write one that holds the enum", diagnostics);
    input::refuse_lifetimes(item, "a projection", diagnostics);
    let suggestion = text::separated(&item.ident, '-');
    report_missing(item, &mentioned, &suggestion, diagnostics);
    ProjectionInput {
        item,
        private: krate.private(home),
        name: name.get().and_then(|name| stored_name::check(name, diagnostics)).unwrap_or(suggestion),
        entries: events.take().unwrap_or_default(),
        split: split.take().unwrap_or_default(),
    }
}

const NO_EVENTS: &str = "a projection is built from events; write `events(Opened, ..)`";

fn report_missing(item: &DeriveInput, mentioned: &Mentioned, suggestion: &str, diagnostics: &Diagnostics) {
    let place = PROJECTION.place(item);
    if mentioned.is_nothing() {
        let keys = format!("name = \"{suggestion}\", events(Opened, ..)");
        diagnostics.error(place, format!("a projection says what it is built from: `#[projection({keys})]`"));
        return;
    }
    if mentioned.lacks("name") {
        let message = format!("a projection needs a stored name for its checkpoint; write `name = \"{suggestion}\"`");
        diagnostics.error(&place, message);
    }
    if mentioned.lacks("events") {
        diagnostics.error(&place, NO_EVENTS);
    }
}

impl Parse for Split {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let unclear = |place: &dyn ToTokens| {
            let message = "say what the stored event is read as: `Stored = CustomerEvent(Taken, ..)`";
            syn::Error::new_spanned(place, message)
        };
        let stored = Entry::parse_alone(input)?;
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(unclear(&stored.ty));
        }
        let set = Path::parse_mod_style(input).map_err(|_| unclear(&stored.ty))?;
        if !input.peek(syn::token::Paren) {
            return Err(unclear(&set));
        }
        let content;
        parenthesized!(content in input);
        let taken = Punctuated::<Entry, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        Ok(Self { stored, set, taken })
    }
}
