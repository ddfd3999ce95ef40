//! Writes what belongs to an aggregate.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Generics, Type};

use super::attrs::{AggregateInput, Set};
use crate::docs;
use crate::entries::Entry;
use crate::event_set::{self, EventSet, History};
use crate::input;
use crate::text;

impl AggregateInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let mut expanded = self.set_item("events", &self.events);
        if let Set::Listed { ident, entries, .. } = &self.events {
            let (generics, private, history) = (self.enum_generics(entries), &self.private, &self.history);
            let set = EventSet { ident, generics: &generics, private, entries, others: &[], history };
            expanded.extend(set.expand());
        }
        expanded.extend(self.aggregate());
        expanded.extend(self.event_aggregate());
        expanded.extend(self.command_set());
        expanded.extend(self.snapshotted());
        expanded
    }

    pub(super) fn enum_generics(&self, entries: &[Entry]) -> Generics {
        let types = entries.iter().map(|entry| entry.ty.to_token_stream()).collect();
        input::used_generics(&self.item.generics, &types)
    }

    /// The enum of a set, if the user did not write it.
    pub(super) fn set_item(&self, what: &str, set: &Set) -> TokenStream {
        let (site, vis) = (Span::mixed_site(), &self.item.vis);
        let (ident, entries, derive) = match set {
            Set::Listed { ident, entries, derive, .. } => (ident, entries, derive),
            Set::Named(_) => return TokenStream::new(),
            Set::Unknown { ident, ty } => return quote_spanned!(site=> #vis type #ident = #ty;),
        };
        let generics = self.enum_generics(entries);
        let where_clause = &generics.where_clause;
        let docs = docs::attrs(&format!("The {what} of {}.", docs::link(&self.item.ident)));
        let variants = entries.iter().map(|entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            let doc = docs::link(&entry.ty) + ".";
            quote_spanned!(site=> #[doc = #doc] #variant(#ty))
        });
        quote_spanned! {site=>
            #docs
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

    /// The type of a set, with its generics.
    pub(super) fn set_type(&self, set: &Set) -> TokenStream {
        match set {
            Set::Listed { ident, entries, .. } => {
                let generics = self.enum_generics(entries);
                let (_, ty_generics, _) = generics.split_for_impl();
                quote_spanned!(Span::mixed_site()=> #ident #ty_generics)
            }
            Set::Named(path) => {
                let last = path.segments.last().map_or_else(Span::mixed_site, |segment| segment.ident.span());
                input::placed(path, last)
            }
            Set::Unknown { ident, .. } => ident.to_token_stream(),
        }
    }

    fn listed_events(&self) -> Vec<&Entry> {
        match &self.events {
            Set::Listed { entries, .. } => entries.iter().chain(&self.history.split).collect(),
            Set::Named(_) | Set::Unknown { .. } => Vec::new(),
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
            if self.snapshot.is_some() {
                let private = &self.private;
                let bounds = quote_spanned! {site=>
                    #aggregate: #private::serde::Serialize + #private::serde::de::DeserializeOwned
                };
                input::require(&mut generics, &bounds);
            }
        }
        generics
    }

    /// The generics of implementations for other types that name the aggregate.
    ///
    /// The compiler asks for each of them anew whether the aggregate is `Default`, `Send` and `Sync`; asked by a bound,
    /// the answer is the same error for all.
    pub(super) fn user_generics(&self) -> Generics {
        let (place, aggregate) = (self.item.ident.span().resolved_at(Span::mixed_site()), self.aggregate_type());
        let mut generics = self.generics();
        let initial = quote_spanned!(place=> #aggregate: ::core::default::Default);
        let shared = quote_spanned!(place=> #aggregate: ::core::marker::Send + ::core::marker::Sync);
        input::require(&mut generics, &initial);
        input::require(&mut generics, &shared);
        generics
    }

    /// The aggregate, with its generics.
    pub(super) fn aggregate_type(&self) -> TokenStream {
        let (ident, (_, ty_generics, _)) = (&self.item.ident, self.item.generics.split_for_impl());
        quote_spanned!(Span::mixed_site()=> #ident #ty_generics)
    }

    fn aggregate(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, unknown, .. } = self;
        let docs = docs::attrs(&self.doc());
        let or_unknown = |ty: &Option<Type>| ty.as_ref().map_or_else(|| unknown.clone(), ToTokens::to_token_stream);
        let (id, error, refuses_with) = (or_unknown(&self.id), or_unknown(&self.error), self.refuses_with());
        let (ident, generics) = (&item.ident, self.generics());
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let (event, command) = (self.set_type(&self.events), self.set_type(&self.commands));
        let (model, apply, replay) = (self.model(), self.apply_body(), self.replay_body());
        let (invariants, abilities) = (self.invariants(), self.abilities());
        let snapshots = self.snapshot_model();
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Aggregate for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const MODEL: #private::AggregateModel = #model;
                #invariants
                #snapshots
                type Id = #id;
                type Event = #event;
                type Command = #command;
                type Error = #error;

                fn apply_event(&mut self, event: #event) {
                    #apply
                }

                fn replay<__C: #private::Codec>(
                    &mut self,
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<(), #private::DecodeError> {
                    #replay
                }

                #[inline]
                fn abilities() -> #private::Abilities<Self> {
                    #abilities
                }
            }

            #refuses_with
        }
    }

    /// Where the error is unknown, every rule gives the right one.
    fn refuses_with(&self) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let (ident, mut generics) = (&self.item.ident, self.user_generics());
        let (_, ty_generics, _) = self.item.generics.split_for_impl();
        let error = self.error.as_ref().map_or_else(|| quote_spanned!(site=> __E), ToTokens::to_token_stream);
        if self.error.is_none() {
            generics.params.push(syn::parse_quote!(__E));
        }
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(trivial_bounds, unused_qualifications)]
            impl #impl_generics #private::RefusesWith<#error> for #ident #ty_generics #where_clause {}
        }
    }

    /// `event` changes the state.
    fn apply_body(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, .. } = self;
        let Set::Listed { ident, entries, .. } = &self.events else {
            let event = self.set_type(&self.events);
            return quote_spanned!(site=> <#event as #private::ApplyTo<Self>>::apply_to(event, self));
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
        let Self { private, history, .. } = self;
        let event = self.set_type(&self.events);
        let Set::Listed { ident, entries, .. } = &self.events else {
            return quote_spanned!(site=> <#event as #private::ApplyTo<Self>>::replay_to(codec, recorded, self));
        };
        let generics = self.enum_generics(entries);
        let replay = EventSet { ident, generics: &generics, private, entries, others: &[], history }.replay_body(
            &Ident::new("Self", site).to_token_stream(),
            &event,
            &quote_spanned!(site=> #private::Aggregate::apply_event(state, event)),
        );
        quote_spanned! {site=>
            let state = self;
            #replay
        }
    }

    /// Its streams, events and commands.
    fn doc(&self) -> String {
        let streams = docs::code(&format!("{}-{{id}}", self.name));
        let mut events = vec![format!("Its events: {}.", types_of(&self.events))];
        let History { split, retired } = &self.history;
        if !split.is_empty() {
            events.push(format!("Read as some of these: {}.", docs::links(split)));
        }
        let retired: Vec<_> = retired.iter().map(|name| docs::code(&name.value())).collect();
        if !retired.is_empty() {
            events.push(format!("Passed over: {}.", docs::and(&retired)));
        }
        docs::paragraphs([
            format!("Its streams are named {streams}."),
            events.join("\n"),
            format!("Its commands: {}.", types_of(&self.commands)),
        ])
    }

    fn model(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let (event, invariants) = (self.set_type(&self.events), self.invariant_models());
        let commands: Vec<_> = match &self.commands {
            Set::Listed { entries, .. } => entries.iter().map(Entry::placed).collect(),
            Set::Named(_) | Set::Unknown { .. } => Vec::new(),
        };
        quote_spanned! {site=>
            #private::AggregateModel {
                name: #name,
                type_name: #type_name,
                doc: #doc,
                events: <#event as #private::EventSet>::EVENTS,
                split: <#event as #private::EventSet>::SPLIT,
                retired: <#event as #private::EventSet>::RETIRED,
                commands: &[#(<#commands as #private::Listed<Self>>::COMMAND),*],
                invariants: &[#(#invariants),*],
            }
        }
    }

    /// From the enum back to the aggregate, if the enum determines every parameter of it.
    fn event_aggregate(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let is_determined = match &self.events {
            Set::Listed { entries, .. } => self.enum_generics(entries).params.len() == item.generics.params.len(),
            Set::Named(_) => true,
            Set::Unknown { .. } => false,
        };
        if !is_determined {
            return TokenStream::new();
        }
        let (event, aggregate, generics) = (self.set_type(&self.events), self.aggregate_type(), self.user_generics());
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(trivial_bounds, unused_qualifications)]
            impl #impl_generics #private::AggregateEvent for #event #where_clause {
                type Aggregate = #aggregate;
            }
        }
    }
}

/// Links to the types of a set.
fn types_of(set: &Set) -> String {
    match set {
        Set::Listed { entries, .. } => docs::links(entries),
        Set::Named(path) => format!("those of {}", docs::link(path)),
        Set::Unknown { ident, .. } => docs::link(ident),
    }
}
