//! `#[derive(Aggregate)]`: the enums of events and commands, the dispatch of both, and the model.

mod attrs;
mod commands;
mod events;
mod expand;
mod invariant;
mod snapshot;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;
use crate::value::Home;

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let aggregate = attrs::parse(input, home, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(aggregate.expand());
    expanded
}
