//! `#[derive(Command)]`: the declared rules, and the handler of a command that says what it emits.

mod attrs;
mod emits;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;
use crate::value::Home;

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let command = attrs::parse(input, home, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(command.expand());
    expanded
}
