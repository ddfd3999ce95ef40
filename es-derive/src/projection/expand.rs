//! Writes the `Projection` implementation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Generics;

use super::attrs::{ProjectionInput, Split};
use crate::docs;
use crate::entries::Entry;
use crate::event_set::{self, Fold};
use crate::input;
use crate::text;

impl ProjectionInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, entries, split, .. } = self;
        let types: Vec<_> = entries.iter().map(Entry::placed).collect();
        let stored: Vec<_> = split.iter().map(|split| split.stored.placed()).collect();
        let events = quote_spanned!(site=> &[#(<#types as #private::Event>::MODEL),*]);
        let split_events = quote_spanned!(site=> &[#(<#stored as #private::Event>::MODEL),*]);
        let model = quote_spanned!(site=> events: #events, split: #split_events,);
        let this = Ident::new("Self", site).to_token_stream();
        let arms = entries.iter().map(|entry| event_set::replay_arm(private, entry, Fold::Project, &this));
        let split_arms = split.iter().map(|split| self.split_arm(split));
        let body = quote_spanned! {site=>
            let state = self;
            let mut name = recorded.name.as_str();
            loop {
                #(#arms)*
                #(#split_arms)*
                name = match #private::current_name([#events, #split_events], name) {
                    ::core::option::Option::Some(current) => current,
                    ::core::option::Option::None => {
                        return ::core::result::Result::Ok(#private::Projected::NotListed);
                    }
                };
            }
        };
        let mut expanded = self.implementation(&model, &body);
        if self.generics().params.is_empty() {
            expanded.extend(event_set::unique_names(private, &self.listed(), &[]));
        }
        expanded
    }

    fn implementation(&self, model: &TokenStream, body: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, .. } = self;
        let (ident, type_name, doc) = (&item.ident, text::name(&item.ident), text::doc(&item.attrs));
        let docs = docs::attrs(&self.doc());
        let generics = self.generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Projection for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const MODEL: #private::ProjectionModel = #private::ProjectionModel {
                    name: #name,
                    type_name: #type_name,
                    doc: #doc,
                    #model
                };

                #[allow(unused_variables)]
                fn project_event<__C: #private::Codec>(
                    &mut self,
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<#private::Projected, #private::DecodeError> {
                    #body
                }
            }
        }
    }

    /// What it is built from.
    fn doc(&self) -> String {
        let built = format!("Built from {}.", docs::links(&self.entries));
        if self.split.is_empty() {
            return built;
        }
        format!("{built} Also from what is read of {}.", docs::links(self.split.iter().map(|split| &split.stored)))
    }

    /// `if it is that event { decode it; split it; project the parts that are taken; return }`.
    fn split_arm(&self, split: &Split) -> TokenStream {
        let site = Span::mixed_site();
        let (private, stored, set) = (&self.private, split.stored.placed(), &split.set);
        let taken = split.taken.iter().map(|entry| {
            let ty = entry.placed();
            let this = Ident::new("Self", entry.span().resolved_at(site));
            let set = input::placed(set, entry.span());
            quote_spanned! {site=>
                let part = match <#set as #private::Includes<#ty>>::pick(part) {
                    ::core::result::Result::Ok(event) => {
                        <#this as #private::Project<#ty>>::project(state, event, recorded);
                        return;
                    }
                    ::core::result::Result::Err(part) => part,
                };
            }
        });
        quote_spanned! {site=>
            if name == <#stored as #private::Event>::NAME {
                return match <#stored as #private::Event>::decode(codec, recorded) {
                    ::core::result::Result::Ok(old) => {
                        let parts = <#stored as #private::SplitInto<#set>>::split(old);
                        ::core::iter::Iterator::for_each(::core::iter::IntoIterator::into_iter(parts), |part| {
                            #(#taken)*
                        });
                        ::core::result::Result::Ok(#private::Projected::Applied)
                    }
                    ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                };
            }
        }
    }

    fn listed(&self) -> Vec<&Entry> {
        self.entries.iter().chain(self.split.iter().map(|split| &split.stored)).collect()
    }

    fn generics(&self) -> Generics {
        let site = Span::mixed_site();
        let mut generics = event_set::bounded_generics(&self.item.generics, self.listed(), &self.private);
        if !generics.params.is_empty() {
            let bounds = quote_spanned!(site=> Self: ::core::marker::Send + ::core::marker::Sync + 'static);
            input::require(&mut generics, &bounds);
        }
        generics
    }
}
