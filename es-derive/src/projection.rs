//! `#[derive(Projection)]`: finds, decodes and hands on the events that a read model lists.

mod attrs;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let projection = attrs::parse(input, &diagnostics);
    match diagnostics.finish() {
        None => projection.expand(),
        Some(mut errors) => {
            errors.extend(projection.stub());
            errors
        }
    }
}
