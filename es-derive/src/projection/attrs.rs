//! `#[projection(..)]`.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{DeriveInput, Expr, LitInt, LitStr, Path, Token, Type, parenthesized};

use super::listed::Listed;
use crate::attr::{Grammar, Mentioned};
use crate::diagnostics::Diagnostics;
use crate::entries;
use crate::input::{self, Field};
use crate::stored_name;
use crate::text;
use crate::value::{self, CratePath, Home, Once};

/// A projection as the user wrote it.
pub(super) struct ProjectionInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) entries: Vec<Listed>,
    pub(super) split: Vec<Split>,
    pub(super) kind: Kind,
}

/// Where its read model is.
pub(super) enum Kind {
    /// In the struct.
    Whole,
    /// In rows, each of which is the struct.
    Keyed { key: Type, index: Vec<Ident>, delete_when: Option<Expr> },
    /// In something that it is written into, and maybe waits for.
    Into { target: Target, error: Type },
}

/// `Transaction<'_>`, or `async Transaction`.
pub(super) struct Target {
    pub(super) is_async: bool,
    pub(super) ty: Type,
}

/// `Relocated = CustomerEvent(StreetChanged, CityChanged)`: a stored event, the set that it is read as a part of, and
/// which of those events the projection takes.
pub(super) struct Split {
    pub(super) stored: entries::Entry,
    pub(super) set: Path,
    pub(super) taken: Vec<Listed>,
}

const PROJECTION: Grammar = Grammar {
    name: "projection",
    keys: &["name", "version", "key", "events", "split", "index", "delete_when", "into", "error", "crate"],
};

/// What was given of a read model that is not in the struct, each with its key in the attribute.
#[derive(Default)]
struct Given {
    key: Option<(Ident, Type)>,
    index: Option<(Ident, Vec<Ident>)>,
    delete_when: Option<(Ident, Expr)>,
    into: Option<(Ident, Target)>,
    error: Option<(Ident, Type)>,
}

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> ProjectionInput<'a> {
    let (mut name, mut version, mut krate) = (Once::<LitStr>::default(), Once::<u32>::default(), CratePath::default());
    let (mut events, mut split) = (Once::<Vec<Listed>>::default(), Once::<Vec<Split>>::default());
    let mut given = Given::default();
    let mentioned = PROJECTION.read(&item.attrs, diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, value::string(key, input)?),
        "version" => version.set(key, value::version(&value::value::<LitInt>(key, input, "a number")?)?),
        "events" => events.set(key, Listed::events(key, input, NO_EVENTS, diagnostics)?),
        "split" => split.set(key, value::list(key, input, diagnostics)?),
        "key" => once(&mut given.key, key, value::value(key, input, "a type")?),
        "index" => once(&mut given.index, key, value::list_with(key, input, value::field, diagnostics)?),
        "delete_when" => once(&mut given.delete_when, key, value::value(key, input, "a condition")?),
        "into" => once(&mut given.into, key, value::value(key, input, "a type")?),
        "error" => once(&mut given.error, key, value::value(key, input, "a type")?),
        "crate" => krate.set(key, input),
        _ => Err(PROJECTION.unknown(key)),
    });
    let fields = input::fields(item, "a projection", "write one that holds the enum", diagnostics);
    input::refuse_lifetimes(item, "a projection", diagnostics);
    let suggestion = text::separated(&item.ident, '-');
    report_missing(item, &mentioned, &suggestion, diagnostics);
    let kind = given.kind(&fields, diagnostics);
    let (entries, split) = (events.take().unwrap_or_default(), split.take().unwrap_or_default());
    if !matches!(kind, Kind::Keyed { .. }) && !mentioned.mentions("key") {
        for listed in entries.iter().chain(split.iter().flat_map(|split| &split.taken)) {
            listed.refuse_options(diagnostics);
        }
    }
    let version = version.take().unwrap_or(1);
    ProjectionInput {
        item,
        private: krate.private(home),
        name: name.get().and_then(|name| checked_name(name, version, diagnostics)).unwrap_or(suggestion),
        version,
        entries,
        split,
        kind,
    }
}

const NO_EVENTS: &str = "a projection is built from events; write `events(Opened, ..)`";

fn once<T>(given: &mut Option<(Ident, T)>, key: &Ident, value: T) -> syn::Result<()> {
    if given.is_some() {
        return Err(syn::Error::new_spanned(key, format!("`{key}` is given twice; remove one of them")));
    }
    *given = Some((key.clone(), value));
    Ok(())
}

/// The name, which makes the name of a checkpoint with the version.
fn checked_name(name: &LitStr, version: u32, diagnostics: &Diagnostics) -> Option<String> {
    let checked = stored_name::check(name, diagnostics)?;
    if checked.contains('@') {
        diagnostics
            .error(name, "the name of a projection holds no `@`, which begins its version; write `version = ..`");
        return None;
    }
    if version > 1 && checked.len() + format!("@{version}").len() > stored_name::MAX_BYTES {
        diagnostics.error(name, format!("with `@{version}`, the name has more than {} bytes", stored_name::MAX_BYTES));
        return None;
    }
    Some(checked)
}

impl Given {
    fn kind(self, fields: &[Field], diagnostics: &Diagnostics) -> Kind {
        let Self { key, index, delete_when, into, error } = self;
        if let (Some(_), Some((into, _))) = (&key, &into) {
            diagnostics
                .error(into, "a projection keeps rows by `key`, or is written `into` something; remove one of them");
        }
        match (key, into) {
            (Some((_, key)), _) => {
                if let Some((error, _)) = &error {
                    diagnostics.error(error, "changing a row cannot fail; remove `error`");
                }
                let index = index.map(|(_, index)| checked_index(index, fields, diagnostics)).unwrap_or_default();
                let delete_when = delete_when.and_then(|(_, condition)| checked_condition(condition, diagnostics));
                Kind::Keyed { key, index, delete_when }
            }
            (None, into) => {
                let keyed = [index.map(|(key, _)| key), delete_when.map(|(key, _)| key)];
                for place in keyed.into_iter().flatten() {
                    let message = format!("`{place}` is about rows, which have a key; write `key = String`");
                    diagnostics.error(&place, message);
                }
                match (into, error) {
                    (Some((_, target)), Some((_, error))) => Kind::Into { target, error },
                    (Some((into, target)), None) => {
                        diagnostics.error(&into, "writing can fail; write with what: `error = ..`");
                        let error = syn::parse_quote_spanned!(Span::mixed_site()=> ::std::io::Error);
                        Kind::Into { target, error }
                    }
                    (None, Some((error, _))) => {
                        diagnostics.error(&error, "only what is written `into` something can fail; remove `error`");
                        Kind::Whole
                    }
                    (None, None) => Kind::Whole,
                }
            }
        }
    }
}

/// The indexed fields, each of which there is, and once.
fn checked_index(index: Vec<Ident>, fields: &[Field], diagnostics: &Diagnostics) -> Vec<Ident> {
    let mut kept: Vec<Ident> = Vec::new();
    let names: Vec<_> = fields
        .iter()
        .filter_map(|field| match &field.member {
            syn::Member::Named(name) => Some(text::name(name)),
            syn::Member::Unnamed(_) => None,
        })
        .collect();
    for field in index {
        let name = text::name(&field);
        if kept.iter().any(|other| text::name(other) == name) {
            diagnostics.error(&field, format!("`{name}` is indexed twice; remove one of them"));
        } else if !names.contains(&name) {
            let message = format!("there is no field `{name}` to index; there are {}", text::list(&names));
            diagnostics.error(&field, message);
        } else {
            kept.push(field);
        }
    }
    kept
}

fn checked_condition(condition: Expr, diagnostics: &Diagnostics) -> Option<Expr> {
    let mentions = |name| input::mentions(condition.to_token_stream(), &Ident::new(name, Span::call_site()));
    if mentions("row") {
        return Some(condition);
    }
    let message = if mentions("self") {
        "`delete_when` sees the row as `row`, not as `self`"
    } else {
        "a `delete_when` that does not look at `row` deletes every row, or none"
    };
    diagnostics.error(&condition, message);
    None
}

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

impl Parse for Target {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let is_async = input.parse::<Option<Token![async]>>()?.is_some();
        Ok(Self { is_async, ty: input.parse()? })
    }
}

impl Parse for Split {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let unclear = |place: &dyn ToTokens| {
            let message = "say what the stored event is read as: `Stored = CustomerEvent(Taken, ..)`";
            syn::Error::new_spanned(place, message)
        };
        let stored = entries::Entry::parse_alone(input)?;
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(unclear(&stored.ty));
        }
        let set = Path::parse_mod_style(input).map_err(|_| unclear(&stored.ty))?;
        if !input.peek(syn::token::Paren) {
            return Err(unclear(&set));
        }
        let content;
        parenthesized!(content in input);
        let taken = Punctuated::<Listed, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        Ok(Self { stored, set, taken })
    }
}
