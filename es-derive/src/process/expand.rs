//! Writes the `ProcessManager` implementation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::attrs::{ProcessEvent, ProcessInput, Sent};
use crate::docs;
use crate::entries::Entry;
use crate::event_set;
use crate::input;
use crate::text;

impl ProcessInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, .. } = self;
        let (ident, docs) = (&item.ident, docs::attrs(&self.doc()));
        let id = self.id.as_ref().map_or_else(|| self.unknown.clone(), ToTokens::to_token_stream);
        let mut generics = item.generics.clone();
        if !generics.params.is_empty() {
            // A mistake that has been reported, and is to be the only one.
            let bounds = quote_spanned! {site=>
                Self: ::core::default::Default + ::core::marker::Send + ::core::marker::Sync + 'static
            };
            input::require(&mut generics, &bounds);
        }
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let (model, correlate, receive, visit) = (self.model(), self.correlate(&id), self.receive(), self.visit());
        let (promises, checks) = (self.promises(), self.checks());
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::ProcessManager for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const MODEL: #private::ProcessModel = #model;

                type Id = #id;

                #[allow(unused_variables)]
                fn correlate<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<::core::option::Option<#private::Correlation>, #private::DecodeError> {
                    #correlate
                }

                #[allow(unused_variables)]
                fn receive<__C: #private::Codec>(
                    &mut self,
                    codec: &__C,
                    input: &#private::Input<'_>,
                    trigger: &#private::Trigger,
                    step: #private::Step,
                ) -> ::core::result::Result<::core::option::Option<#private::Reaction<Self>>, #private::DecodeError> {
                    #receive
                }

                #[allow(unused_variables)]
                fn visit_command<__V: #private::CommandVisitor>(
                    aggregate: &str,
                    command: &#private::RecordedEvent,
                    visitor: __V,
                ) -> ::core::result::Result<__V::Output, #private::DecodeError> {
                    #visit
                    ::core::result::Result::Err(#private::unknown_event(command))
                }
            }

            #promises
            #checks
        }
    }

    fn model(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, events, deadlines, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let roles = events.iter().map(|event| event.role.word);
        let events = models(private, events.iter().map(|event| &event.event));
        let deadlines = models(private, deadlines);
        let commands = self.pairs().map(|(aggregate, command)| {
            let (aggregate, command) = (aggregate.placed(), command.placed());
            quote_spanned! {site=>
                (<#aggregate as #private::Aggregate>::NAME, <#command as #private::Command>::MODEL)
            }
        });
        quote_spanned! {site=>
            #private::ProcessModel {
                name: #name,
                type_name: #type_name,
                doc: #doc,
                events: #events,
                roles: &[#(#roles),*],
                deadlines: #deadlines,
                commands: &[#(#commands),*],
            }
        }
    }

    /// Which process an event belongs to.
    fn correlate(&self, id: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, events, .. } = self;
        // The user's keys know both by name.
        let (event, recorded) = (Ident::new("event", Span::call_site()), Ident::new("recorded", Span::call_site()));
        let arms = events.iter().map(|ProcessEvent { event: entry, role, ends, key }| {
            let ty = entry.placed();
            let role = Ident::new(role.variant, site);
            quote_spanned! {site=>
                if name == <#ty as #private::Event>::NAME {
                    return match <#ty as #private::Event>::decode(codec, recorded) {
                        ::core::result::Result::Ok(decoded) => {
                            let (#event, #recorded) = (&decoded, recorded);
                            ::core::result::Result::Ok(
                                #private::correlation::<#id>(#key, #private::Role::#role, #ends)
                            )
                        }
                        ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                    };
                }
            }
        });
        let models = models(private, events.iter().map(|event| &event.event));
        quote_spanned! {site=>
            let mut name = recorded.name.as_str();
            loop {
                #(#arms)*
                name = match #private::current_name([#models, &[]], name) {
                    ::core::option::Option::Some(current) => current,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Ok(::core::option::Option::None);
                    }
                };
            }
        }
    }

    /// Hands an input to the `React` that is for it.
    fn receive(&self) -> TokenStream {
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
                && recorded.name.as_str() == <#ty as #private::Command>::MODEL.type_name
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

    fn visit(&self) -> TokenStream {
        let site = Span::mixed_site();
        let private = &self.private;
        let arms = self.pairs().map(|(of, command)| {
            let (of, ty) = (of.placed(), command.placed());
            quote_spanned! {site=>
                if aggregate == <#of as #private::Aggregate>::NAME
                    && command.name.as_str() == <#ty as #private::Command>::MODEL.type_name
                {
                    return match #private::sent_command::<#ty>(command) {
                        ::core::result::Result::Ok(command) => ::core::result::Result::Ok(
                            #private::CommandVisitor::visit::<#of, #ty>(visitor, command)
                        ),
                        ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                    };
                }
            }
        });
        arms.collect()
    }

    /// What the process may send and schedule.
    fn promises(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let ident = &item.ident;
        let (_, ty_generics, _) = item.generics.split_for_impl();
        if !item.generics.params.is_empty() {
            // A mistake that has been reported.
            return TokenStream::new();
        }
        let sent = self.pairs().map(|(aggregate, command)| {
            let (aggregate, command) = (aggregate.placed(), command.placed());
            quote_spanned! {site=>
                #[automatically_derived]
                impl #private::SentBy<#ident #ty_generics, #aggregate> for #command {}
            }
        });
        let scheduled = self.deadlines.iter().map(|entry| {
            let deadline = entry.placed();
            quote_spanned! {site=>
                #[automatically_derived]
                impl #private::ScheduledBy<#ident #ty_generics> for #deadline {}
            }
        });
        quote_spanned! {site=>
            #[allow(unused_qualifications)]
            const _: () = {
                #(#sent)*
                #(#scheduled)*
            };
        }
    }

    /// What no derive can see alone: that no stored name is used twice.
    fn checks(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, events, deadlines, .. } = self;
        let ident = &item.ident;
        if !item.generics.params.is_empty() {
            return TokenStream::new();
        }
        let events: Vec<_> = events.iter().map(|event| &event.event).collect();
        let mut checks = event_set::unique_names(private, &events, &[]);
        checks.extend(event_set::unique_names(private, &deadlines.iter().collect::<Vec<_>>(), &[]));
        let told_apart = self.pairs().enumerate().map(|(at, (_, command))| {
            let place = command.span().resolved_at(site);
            let function = quote_spanned!(site=> #private::assert_told_apart);
            let arguments = quote_spanned!(site=> <#ident as #private::ProcessManager>::MODEL.commands, #at);
            let call = quote_spanned!(place=> (#function)(#arguments));
            quote_spanned!(site=> const _: () = #call;)
        });
        checks.extend(told_apart);
        checks
    }

    fn pairs(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        self.commands
            .iter()
            .flat_map(|Sent { aggregate, commands }| commands.iter().map(move |command| (aggregate, command)))
    }

    /// What it reacts to, and with what.
    fn doc(&self) -> String {
        let events = docs::links(self.events.iter().map(|event| &event.event));
        let mut doc = format!("Its streams are named `{}-{{id}}`.\n\nReacts to {events}.", self.name);
        if !self.deadlines.is_empty() {
            doc += &format!("\nIts deadlines: {}.", docs::links(&self.deadlines));
        }
        if self.pairs().next().is_some() {
            doc += &format!("\nSends {}.", docs::links(self.pairs().map(|(_, command)| command)));
        }
        doc
    }
}

fn models<'a>(private: &syn::Path, entries: impl IntoIterator<Item = &'a Entry>) -> TokenStream {
    let site = Span::mixed_site();
    let types = entries.into_iter().map(Entry::placed);
    quote_spanned!(site=> &[#(<#types as #private::Event>::MODEL),*])
}
