//! `#[derive(Event)]`: parse the attributes, check the chain of versions, write the decoder.

mod attrs;
mod chain;
mod change;
mod expand;
mod hop;
mod hops;
mod shape;
mod stored_command;
mod wire;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;
use crate::value::Home;

pub(crate) use self::stored_command::{CommandVersions, StoredCommand};

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let event = attrs::parse(input, home, &diagnostics);
    let steps = chain::check(&event, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(expand::expand(&event, &steps));
    expanded
}
