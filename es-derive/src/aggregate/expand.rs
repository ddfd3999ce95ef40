//! Writes what belongs to an aggregate.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Generics, Path};

use super::attrs::{AggregateInput, Events};
use crate::entries::Entry;
use crate::event_set::{self, EventSet};
use crate::input;
use crate::text;

impl AggregateInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let mut expanded = TokenStream::new();
        if let Events::Listed { ident, entries, history, derive } = &self.events {
            let (generics, private) = (self.enum_generics(entries), &self.private);
            expanded.extend(self.enum_item("events", ident, &generics, entries, derive));
            expanded.extend(EventSet { ident, generics: &generics, private, entries, history }.expand());
        }
        expanded.extend(self.aggregate(&Bodies::Written));
        expanded.extend(self.command_set(&Bodies::Written));
        expanded
    }

    /// What a mistake leaves of it, so that it shows once and not at every use.
    pub(super) fn stub(&self) -> TokenStream {
        let mut expanded = TokenStream::new();
        if self.item.generics.lifetimes().next().is_some() {
            return expanded;
        }
        if let Events::Listed { ident, entries, history, derive } = &self.events {
            let (generics, private) = (self.enum_generics(entries), &self.private);
            expanded.extend(self.enum_item("events", ident, &generics, entries, derive));
            expanded.extend(EventSet { ident, generics: &generics, private, entries, history }.stub());
        }
        expanded.extend(self.aggregate(&Bodies::Missing));
        expanded.extend(self.command_set(&Bodies::Missing));
        expanded
    }

    pub(super) fn enum_generics(&self, entries: &[Entry]) -> Generics {
        let types = entries.iter().map(|entry| entry.ty.to_token_stream()).collect();
        input::used_generics(&self.item.generics, &types)
    }

    pub(super) fn enum_item(
        &self,
        what: &str,
        ident: &Ident,
        generics: &Generics,
        entries: &[Entry],
        derive: &[Path],
    ) -> TokenStream {
        let site = Span::mixed_site();
        let (vis, where_clause) = (&self.item.vis, &generics.where_clause);
        let doc = format!("The {what} of [`{}`].", text::name(&self.item.ident));
        let variants = entries.iter().map(|entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            let doc = format!("[`{}`].", entry.ty.to_token_stream().to_string().replace(' ', ""));
            quote_spanned!(site=> #[doc = #doc] #variant(#ty))
        });
        quote_spanned! {site=>
            #[doc = #doc]
            #[derive(#(#derive),*)]
            #[allow(
                private_interfaces,
                unused_qualifications,
                clippy::derive_partial_eq_without_eq,
                clippy::enum_variant_names,
                clippy::large_enum_variant
            )]
            #vis enum #ident #generics #where_clause {
                #(#variants,)*
            }
        }
    }

    /// The type of the event set, with its generics.
    fn event_type(&self) -> TokenStream {
        match &self.events {
            Events::Named(path) => path.to_token_stream(),
            Events::Listed { ident, entries, .. } => {
                let generics = self.enum_generics(entries);
                let (_, ty_generics, _) = generics.split_for_impl();
                quote_spanned!(Span::mixed_site()=> #ident #ty_generics)
            }
        }
    }

    fn listed_events(&self) -> Vec<&Entry> {
        match &self.events {
            Events::Named(_) => Vec::new(),
            Events::Listed { entries, history, .. } => entries.iter().chain(&history.split).collect(),
        }
    }

    /// The generics of every implementation that is about the aggregate.
    pub(super) fn generics(&self) -> Generics {
        let (site, aggregate) = (Span::mixed_site(), self.aggregate_type());
        let item = self.item;
        let mut generics = event_set::bounded_generics(&item.generics, self.listed_events(), &self.private);
        if !item.generics.params.is_empty() {
            let bounds = quote_spanned! {site=>
                #aggregate: ::core::default::Default + ::core::marker::Send + ::core::marker::Sync + 'static
            };
            input::require(&mut generics, &bounds);
        }
        generics
    }

    /// The aggregate, with its generics.
    pub(super) fn aggregate_type(&self) -> TokenStream {
        let (ident, (_, ty_generics, _)) = (&self.item.ident, self.item.generics.split_for_impl());
        quote_spanned!(Span::mixed_site()=> #ident #ty_generics)
    }

    fn aggregate(&self, bodies: &Bodies) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, .. } = self;
        let (ident, generics) = (&item.ident, self.generics());
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let missing = || quote_spanned!(site=> ::core::convert::Infallible);
        let id = self.id.as_ref().map_or_else(|| quote_spanned!(site=> #private::Text), ToTokens::to_token_stream);
        let error = self.error.as_ref().map_or_else(missing, ToTokens::to_token_stream);
        let event = self.event_type();
        let commands = self.command_type();
        let (apply, replay) = match bodies {
            Bodies::Written => (self.apply_body(), self.replay_body()),
            Bodies::Missing => {
                let missing = quote_spanned!(site=> ::core::unimplemented!());
                (missing.clone(), missing)
            }
        };
        let model = self.model(bodies);
        let event_aggregate = self.event_aggregate();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Aggregate for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const MODEL: #private::AggregateModel = #model;
                type Id = #id;
                type Event = #event;
                type Command = #commands;
                type Error = #error;

                #[allow(unused_variables)]
                fn apply_event(&mut self, event: Self::Event) {
                    #apply
                }

                #[allow(unused_variables)]
                fn replay<__C: #private::Codec>(
                    &mut self,
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<(), #private::DecodeError> {
                    #replay
                }
            }

            #event_aggregate
        }
    }

    fn apply_body(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, .. } = self;
        let Events::Listed { ident, entries, .. } = &self.events else {
            return quote_spanned!(site=> #private::ApplyTo::apply_to(event, self));
        };
        let arms = entries.iter().map(|entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            let this = Ident::new("Self", entry.span().resolved_at(site));
            quote_spanned!(site=> #ident::#variant(event) => <#this as #private::Apply<#ty>>::apply(self, event),)
        });
        quote_spanned!(site=> match event { #(#arms)* })
    }

    fn replay_body(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, .. } = self;
        let Events::Listed { ident, entries, history, .. } = &self.events else {
            return quote_spanned! {site=>
                <Self::Event as #private::ApplyTo<Self>>::replay_to(codec, recorded, self)
            };
        };
        let generics = self.enum_generics(entries);
        let replay = EventSet { ident, generics: &generics, private, entries, history }.replay_body(
            &Ident::new("Self", site).to_token_stream(),
            &quote_spanned!(site=> Self::Event),
            &quote_spanned!(site=> <Self as #private::Aggregate>::apply_event(state, event)),
        );
        quote_spanned! {site=>
            let state = self;
            #replay
        }
    }

    fn model(&self, bodies: &Bodies) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let event = self.event_type();
        let commands: Vec<_> = match bodies {
            Bodies::Written => self.commands.iter().map(Entry::placed).collect(),
            Bodies::Missing => Vec::new(),
        };
        quote_spanned! {site=>
            #private::AggregateModel {
                name: #name,
                type_name: #type_name,
                doc: #doc,
                events: <#event as #private::EventSet>::EVENTS,
                split: <#event as #private::EventSet>::SPLIT,
                retired: <#event as #private::EventSet>::RETIRED,
                commands: &[#(<#commands as #private::Command>::MODEL),*],
            }
        }
    }

    /// From the enum back to the aggregate, if the enum determines every parameter of it.
    fn event_aggregate(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        if let Events::Listed { entries, .. } = &self.events
            && self.enum_generics(entries).params.len() < item.generics.params.len()
        {
            return TokenStream::new();
        }
        let (event, aggregate, generics) = (self.event_type(), self.aggregate_type(), self.generics());
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::AggregateEvent for #event #where_clause {
                type Aggregate = #aggregate;
            }
        }
    }

    pub(super) fn command_type(&self) -> TokenStream {
        let (ident, generics) = (&self.command_enum, self.enum_generics(&self.commands));
        let (_, ty_generics, _) = generics.split_for_impl();
        quote_spanned!(Span::mixed_site()=> #ident #ty_generics)
    }
}

/// Whether the bodies of functions are written, or left out because of a mistake.
pub(super) enum Bodies {
    Written,
    Missing,
}
