//! `#[derive(ProcessManager)]`: finds the process of an event, hands it what it lists, and reads back what it sent.

mod attrs;
mod expand;
mod receive;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;
use crate::value::Home;

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let process = attrs::parse(input, home, &diagnostics);
    let mut expanded = diagnostics.finish();
    expanded.extend(process.expand());
    expanded
}
