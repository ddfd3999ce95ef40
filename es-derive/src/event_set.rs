//! The implementation of `EventSet`: for the enum that `#[derive(Aggregate)]` writes, and, as `#[derive(EventSet)]`,
//! for an enum of the user's.

mod expand;
mod names;
mod replay;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Fields, Generics, LitStr, Path, Type};

use crate::attr::Grammar;
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;
use crate::stored_name;
use crate::value::{self, CratePath, Home, Once};

pub(crate) use self::names::unique_names;

/// An enum with one variant for each event.
pub(crate) struct EventSet<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) private: &'a Path,
    pub(crate) entries: &'a [Entry],
    /// Patterns for the variants that are mistakes.
    pub(crate) others: &'a [TokenStream],
    pub(crate) history: &'a History,
}

/// What is stored, but no event of the set any more.
#[derive(Default)]
pub(crate) struct History {
    /// Events that are read as others.
    pub(crate) split: Vec<Entry>,
    /// Stored names that are passed over.
    pub(crate) retired: Vec<LitStr>,
}

impl History {
    /// `retired("name", ..)`, as far as it can be checked without the stored names of the events.
    pub(crate) fn retired(key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Vec<LitStr>> {
        let parse = |input: ParseStream| {
            input
                .parse::<LitStr>()
                .map_err(|error| syn::Error::new(error.span(), "a retired event is listed by its stored name"))
        };
        let mut kept: Vec<LitStr> = Vec::new();
        for name in value::list_with(key, input, parse, diagnostics)? {
            if kept.iter().any(|other| other.value() == name.value()) {
                diagnostics.error(&name, format!("`{}` is retired twice; remove one of them", name.value()));
            } else if stored_name::check(&name, diagnostics).is_some() {
                kept.push(name);
            }
        }
        Ok(kept)
    }
}

const EVENT_SET: Grammar = Grammar { name: "event_set", keys: &["split", "retired", "crate"] };

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let mut krate = CratePath::default();
    let (mut split, mut retired) = (Once::<Vec<Entry>>::default(), Once::<Vec<LitStr>>::default());
    EVENT_SET.read(&input.attrs, &diagnostics, |key, input| match key.to_string().as_str() {
        "split" => split.set(key, entries::list(key, input, "event", &diagnostics)?),
        "retired" => retired.set(key, History::retired(key, input, &diagnostics)?),
        "crate" => krate.set(key, input),
        _ => Err(EVENT_SET.unknown(key)),
    });
    input::refuse_lifetimes(input, "an event", &diagnostics);
    let entries = entries::unique(variants(input, &diagnostics), "event", &diagnostics);
    let mut generics = input.generics.clone();
    if generics.lifetimes().next().is_some() {
        input::require(&mut generics, &quote_spanned!(Span::mixed_site()=> Self: 'static));
    }
    let set = EventSet {
        ident: &input.ident,
        generics: &generics,
        private: &krate.private(home),
        entries: &entries,
        others: &others(input, &entries),
        history: &History {
            split: entries::elsewhere(split.take().unwrap_or_default(), &entries, &diagnostics),
            retired: retired.take().unwrap_or_default(),
        },
    };
    let mut expanded = diagnostics.finish();
    expanded.extend(set.expand());
    expanded.extend(set.apply_to(input::keyword(input)));
    expanded
}

fn variants(input: &DeriveInput, diagnostics: &Diagnostics) -> Vec<Entry> {
    let Data::Enum(data) = &input.data else {
        diagnostics.error(&input.ident, "a set of events is an enum: `enum Events { Opened(Opened), .. }`");
        return Vec::new();
    };
    if data.variants.is_empty() {
        diagnostics.error(&input.ident, "a set of events needs at least one: `Opened(Opened)`");
    }
    let entry = |variant: &syn::Variant| match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 && matches!(fields.unnamed[0].ty, Type::Path(_)) => {
            Some(Entry { variant: variant.ident.clone(), ty: fields.unnamed[0].ty.clone() })
        }
        _ => {
            let name = &variant.ident;
            diagnostics.error(variant, format!("each variant holds one event: `{name}({name})`"));
            None
        }
    };
    data.variants.iter().filter_map(entry).collect()
}

/// Patterns for what is not among `entries`, so that it is not said to be missing.
fn others(input: &DeriveInput, entries: &[Entry]) -> Vec<TokenStream> {
    let site = Span::mixed_site();
    match &input.data {
        Data::Enum(data) if !data.variants.is_empty() => {
            let idents = data.variants.iter().map(|variant| &variant.ident);
            let others = idents.filter(|ident| !entries.iter().any(|entry| entry.variant == **ident));
            others.map(|ident| quote_spanned!(site=> Self::#ident { .. })).collect()
        }
        _ => vec![quote_spanned!(site=> _)],
    }
}

impl EventSet<'_> {
    /// The generics, with the promise that generic events are events.
    pub(crate) fn bounded_generics(&self) -> Generics {
        bounded_generics(self.generics, self.entries.iter().chain(&self.history.split), self.private)
    }
}

/// `generics`, with the promise that those entries that mention a parameter are events.
pub(crate) fn bounded_generics<'a>(
    generics: &Generics,
    entries: impl IntoIterator<Item = &'a Entry>,
    private: &Path,
) -> Generics {
    let mut bounded = generics.clone();
    for entry in entries.into_iter().filter(|entry| entry.is_generic(generics)) {
        let ty = &entry.ty;
        input::require(&mut bounded, &quote_spanned!(Span::mixed_site()=> #ty: #private::Event));
    }
    bounded
}
