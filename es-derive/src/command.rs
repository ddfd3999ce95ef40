//! `#[derive(Command)]`: the declared rules, and the handler of a command that says what it emits.

mod attrs;
mod emits;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let command = attrs::parse(input, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(command.expand());
    expanded
}
