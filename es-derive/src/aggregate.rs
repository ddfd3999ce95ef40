//! `#[derive(Aggregate)]`: the enums of events and commands, the dispatch of both, and the model.

mod attrs;
mod commands;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let aggregate = attrs::parse(input, &diagnostics);
    match diagnostics.finish() {
        None => aggregate.expand(),
        Some(mut errors) => {
            errors.extend(aggregate.stub());
            errors
        }
    }
}
