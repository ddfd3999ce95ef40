//! `#[derive(Command)]`: the declared rules, and the handler of a command that says what it emits.

mod attrs;
mod expand;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let command = attrs::parse(input, &diagnostics);
    match diagnostics.finish() {
        None => command.expand(),
        Some(mut errors) => {
            errors.extend(command.stub());
            errors
        }
    }
}
