//! `#[derive(Projection)]`: finds, decodes and hands on the events that a read model lists.

mod attrs;
mod expand;
mod into;
mod keyed;
mod listed;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;
use crate::value::Home;

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let projection = attrs::parse(input, home, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(projection.expand());
    expanded
}
