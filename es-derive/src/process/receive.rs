//! Writes how an input reaches the `React` that is for it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::attrs::ProcessInput;
use super::expand::models;
use crate::entries::Entry;
use crate::input;

impl ProcessInput<'_> {
    /// Hands an input to the `React` that is for it.
    pub(super) fn receive(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, events, deadlines, .. } = self;
        let event_arms = events.iter().map(|event| {
            let ty = event.event.placed();
            let decoded = quote_spanned!(site=> <#ty as #private::Event>::decode(codec, recorded));
            self.arm(&event.event, &decoded)
        });
        let deadline_arms = deadlines.iter().map(|entry| {
            let ty = entry.placed();
            self.arm(entry, &quote_spanned!(site=> #private::deadline::<#ty>(recorded)))
        });
        let rejections = self.pairs().map(|(aggregate, command)| self.rejection(aggregate, command));
        let event_models = models(private, events.iter().map(|event| &event.event));
        let deadline_models = models(private, deadlines);
        quote_spanned! {site=>
            match *input {
                #private::Input::Event(recorded) => {
                    let mut name = recorded.name.as_str();
                    loop {
                        #(#event_arms)*
                        name = match #private::current_name([#event_models, &[]], name) {
                            ::core::option::Option::Some(current) => current,
                            ::core::option::Option::None => {
                                return ::core::result::Result::Err(#private::unknown_event(recorded));
                            }
                        };
                    }
                }
                #private::Input::Deadline(recorded) => {
                    let mut name = recorded.name.as_str();
                    loop {
                        #(#deadline_arms)*
                        name = match #private::current_name([#deadline_models, &[]], name) {
                            ::core::option::Option::Some(current) => current,
                            ::core::option::Option::None => {
                                return ::core::result::Result::Err(#private::unknown_event(recorded));
                            }
                        };
                    }
                }
                #private::Input::Rejected { command: recorded, aggregate, reason } => {
                    #(#rejections)*
                    ::core::result::Result::Err(#private::unknown_event(recorded))
                }
            }
        }
    }

    /// `if it is that one { decode it; take it; return }`.
    fn arm(&self, entry: &Entry, decoded: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let (private, ty) = (&self.private, entry.placed());
        let taken = self.taken(entry, &ty);
        quote_spanned! {site=>
            if name == <#ty as #private::Event>::NAME {
                return match #decoded {
                    ::core::result::Result::Ok(taken) => ::core::result::Result::Ok(#taken),
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                };
            }
        }
    }

    fn rejection(&self, aggregate: &Entry, command: &Entry) -> TokenStream {
        let site = Span::mixed_site();
        let private = &self.private;
        let (of, ty) = (aggregate.placed(), command.placed());
        let rejected = input::placed(&quote_spanned!(site=> #private::Rejected<#ty>), command.span());
        let taken = self.taken(command, &rejected);
        quote_spanned! {site=>
            if aggregate == <#of as #private::Aggregate>::NAME
                && #private::is_kept_as(&<#ty as #private::Command>::MODEL, recorded.name.as_str())
            {
                return match #private::sent_command::<#ty>(recorded) {
                    ::core::result::Result::Ok(command) => {
                        let taken = #private::Rejected { command, reason: #private::text(reason) };
                        ::core::result::Result::Ok(#taken)
                    }
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                };
            }
        }
    }

    /// Applies `taken`, and reacts to it if the step says so.
    fn taken(&self, entry: &Entry, ty: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let private = &self.private;
        // A missing implementation is shown on the type whose it is, so that stands where the input is listed.
        let this = Ident::new("Self", entry.span().resolved_at(site));
        quote_spanned! {site=>
            {
                <#this as #private::React<#ty>>::apply(self, &taken, trigger);
                match step {
                    #private::Step::Apply => ::core::option::Option::None,
                    #private::Step::React => ::core::option::Option::Some(
                        <#this as #private::React<#ty>>::react(self, &taken, trigger)
                    ),
                }
            }
        }
    }
}
