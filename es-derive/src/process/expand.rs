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
        let (stored, promises, checks) = (self.stored(), self.promises(), self.checks());
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::ProcessManager for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const MODEL: #private::ProcessModel = #model;
                const STORED: &'static [#private::StoredForm] = #stored;

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
        let keys = events.iter().map(|event| text::source(event.key.to_token_stream()));
        let ends = events.iter().map(|event| event.ends);
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
                keys: &[#(#keys),*],
                ends: &[#(#ends),*],
                deadlines: #deadlines,
                commands: &[#(#commands),*],
            }
        }
    }

    /// What stands in the streams of the process.
    fn stored(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, events, deadlines, .. } = self;
        let events = events.iter().map(|event| {
            let ty = event.event.placed();
            quote_spanned!(site=> #private::StoredForm::event::<#ty>())
        });
        let deadlines = deadlines.iter().map(|entry| {
            let ty = entry.placed();
            quote_spanned!(site=> #private::StoredForm::deadline::<Self, #ty>())
        });
        let commands = self.pairs().map(|(aggregate, command)| {
            let (aggregate, command) = (aggregate.placed(), command.placed());
            quote_spanned!(site=> #private::StoredForm::command::<Self, #aggregate, #command>())
        });
        quote_spanned!(site=> &[#(#events,)* #(#deadlines,)* #(#commands,)*])
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

    fn visit(&self) -> TokenStream {
        let site = Span::mixed_site();
        let private = &self.private;
        let arms = self.pairs().map(|(of, command)| {
            let (of, ty) = (of.placed(), command.placed());
            quote_spanned! {site=>
                if aggregate == <#of as #private::Aggregate>::NAME
                    && #private::is_kept_as(&<#ty as #private::Command>::MODEL, command.name.as_str())
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

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&Entry, &Entry)> {
        self.commands
            .iter()
            .flat_map(|Sent { aggregate, commands }| commands.iter().map(move |command| (aggregate, command)))
    }

    /// What it reacts to, and with what.
    fn doc(&self) -> String {
        let events = docs::links(self.events.iter().map(|event| &event.event));
        let streams = format!("Its streams are named `{}-{{id}}`.", self.name);
        let deadlines = match self.deadlines.as_slice() {
            [] => String::new(),
            deadlines => format!("Its deadlines: {}.", docs::links(deadlines)),
        };
        let sent: Vec<_> = self.pairs().map(|(_, command)| command).collect();
        let sent = if sent.is_empty() { String::new() } else { format!("Sends {}.", docs::links(sent)) };
        docs::paragraphs([streams, format!("Reacts to {events}."), deadlines, sent])
    }
}

pub(super) fn models<'a>(private: &syn::Path, entries: impl IntoIterator<Item = &'a Entry>) -> TokenStream {
    let site = Span::mixed_site();
    let types = entries.into_iter().map(Entry::placed);
    quote_spanned!(site=> &[#(<#types as #private::Event>::MODEL),*])
}
