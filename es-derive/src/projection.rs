//! `#[derive(Projection)]`: finds, decodes and hands on the events that a read model lists.

mod attrs;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let projection = attrs::parse(input, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(projection.expand());
    expanded
}
