//! `#[projection(..)]`.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, LitStr, Path, Token, parenthesized};

use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;
use crate::text;

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

pub(super) fn parse<'a>(item: &'a DeriveInput, diagnostics: &Diagnostics) -> ProjectionInput<'a> {
    let (mut name, mut krate) = (Once::<LitStr>::default(), CratePath::default());
    let (mut events, mut split) = (Once::<Vec<Entry>>::default(), Once::<Vec<Split>>::default());
    attr::for_each_key(&item.attrs, "projection", diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, attr::string(key, input)?),
        "events" => events.set(key, attr::list(key, input)?),
        "split" => split.set(key, attr::list(key, input)?),
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "projection", &["name", "events", "split", "crate"])),
    });
    input::fields(item, "a projection", diagnostics);
    input::refuse_lifetimes(item, "a projection", diagnostics);
    let place = attr::find(&item.attrs, "projection").map_or(item.ident.to_token_stream(), ToTokens::to_token_stream);
    if name.get().is_none() {
        let suggestion = text::separated(&item.ident, '-');
        diagnostics.error(
            &place,
            format!("a projection needs a stored name for its checkpoint; write `#[projection(name = \"{suggestion}\", ..)]`"),
        );
    }
    if name.get().is_some_and(|name| name.value().is_empty()) {
        diagnostics.error(name.get(), "a stored name may not be empty");
    }
    if events.get().is_none_or(Vec::is_empty) {
        diagnostics.error(&place, "a projection is built from events; write `events(Opened, ..)`");
    }
    ProjectionInput {
        item,
        private: krate.private(),
        name: name.take().map(|name| name.value()).unwrap_or_default(),
        entries: entries::unique(events.take().unwrap_or_default(), "event", diagnostics),
        split: split.take().unwrap_or_default(),
    }
}

impl Parse for Split {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let stored: Path = input.parse()?;
        if !input.peek(Token![=]) {
            let message = "say what the stored event is read as: `Stored = CustomerEvent(Taken, ..)`";
            return Err(syn::Error::new_spanned(&stored, message));
        }
        input.parse::<Token![=]>()?;
        let set = Path::parse_mod_style(input)?;
        let content;
        parenthesized!(content in input);
        let taken = Punctuated::<Entry, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        Ok(Self { stored: syn::parse2(stored.into_token_stream())?, set, taken })
    }
}
