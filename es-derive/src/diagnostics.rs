//! Collects the mistakes of one derive, so that all of them show in one compile.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The mistakes found so far.
///
/// Panics when dropped without having been looked at, so that no mistake is ever lost.
pub(crate) struct Diagnostics {
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Diagnostics {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Reports a mistake on `tokens`, which should be what the user has to change.
    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Keeps the value, or reports why there is none.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many there are, to see whether a check has found one.
    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().as_ref().map_or(0, Vec::len)
    }

    /// A type to stand for what a mistake left unknown.
    ///
    /// Its length is the first mistake once more, which the compiler shows once; and whatever is done with a type of
    /// unknown length, it says nothing about it.
    pub(crate) fn unknown_type(&self) -> TokenStream {
        let errors = self.errors.borrow();
        let first = errors.iter().flatten().next().and_then(|error| error.clone().into_iter().next());
        let length = first.as_ref().map(syn::Error::to_compile_error);
        quote!([(); #length])
    }

    /// Everything as `compile_error!`s.
    pub(crate) fn finish(self) -> TokenStream {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        let is_looked_at = self.errors.borrow().is_none();
        assert!(is_looked_at || std::thread::panicking(), "a derive has ended without looking at its errors");
    }
}
