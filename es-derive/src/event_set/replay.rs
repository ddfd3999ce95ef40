//! Writes how a stored event reaches what it changes, without the enum in between.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use super::EventSet;
use crate::entries::Entry;
use crate::input;

impl EventSet<'_> {
    /// Reads `recorded` and applies it to `state`, without making the enum in between.
    ///
    /// `set` is the enum, whose events a split event is read as, and `apply` takes one of them.
    pub(crate) fn replay_body(&self, state_type: &TokenStream, set: &TokenStream, apply: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let private = self.private;
        let arms = self.entries.iter().map(|entry| replay_arm(private, entry, state_type));
        quote_spanned! {site=>
            let name = recorded.name.as_str();
            #(#arms)*
            // Events that were split, retired or renamed.
            match <#set as #private::EventSet>::decode(codec, recorded) {
                ::core::result::Result::Ok(events) => {
                    ::core::iter::Iterator::for_each(
                        ::core::iter::IntoIterator::into_iter(events),
                        |event| #apply,
                    );
                    ::core::result::Result::Ok(())
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            }
        }
    }
}

/// `if it is that event { decode it; apply it; return }`.
fn replay_arm(private: &Path, entry: &Entry, state_type: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let ty = entry.placed();
    // A missing implementation is shown on the type whose it is, so that stands where the event is listed.
    let state_type = input::placed(state_type, entry.span());
    quote_spanned! {site=>
        if name == <#ty as #private::Event>::NAME {
            return match <#ty as #private::Event>::decode(codec, recorded) {
                ::core::result::Result::Ok(decoded) => {
                    <#state_type as #private::Apply<#ty>>::apply(state, decoded);
                    ::core::result::Result::Ok(())
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            };
        }
    }
}
