//! What the implementations have in common: the model, and how a stored event finds the code that takes it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Generics;

use super::attrs::{Kind, ProjectionInput, Split};
use super::listed::Listed;
use crate::docs;
use crate::entries::Entry;
use crate::event_set;
use crate::input;
use crate::text;

impl ProjectionInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let mut expanded = match &self.kind {
            Kind::Whole => self.whole(),
            Kind::Keyed { key, index, delete_when } => self.keyed(key, index, delete_when.as_ref()),
            Kind::Into { target, error } => self.written(target, error),
        };
        if self.generics().params.is_empty() {
            expanded.extend(event_set::unique_names(&self.private, &self.listed(), &[]));
        }
        expanded
    }

    /// `impl Projection`.
    fn whole(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let ident = &item.ident;
        let (docs, constants) = (docs::attrs(&self.doc()), self.constants(None, &[]));
        let generics = self.generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let take = |listed: &Listed| {
            let (ty, this) = (listed.entry.placed(), this(&listed.entry));
            quote_spanned!(site=> <#this as #private::Project<#ty>>::project(state, decoded, recorded);)
        };
        let body = self.dispatch(&take, &quote_spanned!(site=> #private::Projected::Applied), &self.not_listed());
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Projection for #ident #ty_generics #where_clause {
                #constants

                #[allow(unused_variables)]
                fn project_event<__C: #private::Codec>(
                    &mut self,
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<#private::Projected, #private::DecodeError> {
                    let state = self;
                    #body
                }
            }
        }
    }

    /// `NAME`, `VERSION` and `MODEL`.
    pub(super) fn constants(&self, key: Option<&str>, indexes: &[String]) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, name, version, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let key = key.map_or_else(
            || quote_spanned!(site=> ::core::option::Option::None),
            |key| quote_spanned!(site=> ::core::option::Option::Some(#key)),
        );
        let (events, split) = self.models();
        quote_spanned! {site=>
            const NAME: &'static str = #name;
            const VERSION: u32 = #version;
            const MODEL: #private::ProjectionModel = #private::ProjectionModel {
                name: #name,
                version: #version,
                key: #key,
                indexes: &[#(#indexes),*],
                type_name: #type_name,
                doc: #doc,
                events: #events,
                split: #split,
            };
        }
    }

    fn models(&self) -> (TokenStream, TokenStream) {
        let (site, private) = (Span::mixed_site(), &self.private);
        let types = self.entries.iter().map(|listed| listed.entry.placed());
        let stored = self.split.iter().map(|split| split.stored.placed());
        (
            quote_spanned!(site=> &[#(<#types as #private::Event>::MODEL),*]),
            quote_spanned!(site=> &[#(<#stored as #private::Event>::MODEL),*]),
        )
    }

    /// `return Ok(NotListed)`.
    pub(super) fn not_listed(&self) -> TokenStream {
        let private = &self.private;
        quote_spanned!(Span::mixed_site()=> #private::Projected::NotListed)
    }

    /// Finds the event by its stored name, decodes it, has `take` written for what is `decoded`, and returns `done`;
    /// `other`, if it is not of the projection.
    pub(super) fn dispatch(
        &self,
        take: &dyn Fn(&Listed) -> TokenStream,
        done: &TokenStream,
        other: &TokenStream,
    ) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let arms = self.entries.iter().map(|listed| self.arm(listed, &take(listed), done));
        let split_arms = self.split.iter().map(|split| self.split_arm(split, take, done));
        let (events, split_events) = self.models();
        quote_spanned! {site=>
            let mut name = recorded.name.as_str();
            loop {
                #(#arms)*
                #(#split_arms)*
                name = match #private::current_name([#events, #split_events], name) {
                    ::core::option::Option::Some(current) => current,
                    ::core::option::Option::None => return ::core::result::Result::Ok(#other),
                };
            }
        }
    }

    /// `if it is that event { decode it; take it; return }`.
    fn arm(&self, listed: &Listed, taken: &TokenStream, done: &TokenStream) -> TokenStream {
        let (site, private, ty) = (Span::mixed_site(), &self.private, listed.entry.placed());
        quote_spanned! {site=>
            if name == <#ty as #private::Event>::NAME {
                return match <#ty as #private::Event>::decode(codec, recorded) {
                    ::core::result::Result::Ok(decoded) => {
                        #taken
                        ::core::result::Result::Ok(#done)
                    }
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err(::core::convert::From::from(error))
                    }
                };
            }
        }
    }

    /// `if it is that event { decode it; split it; take the parts that are listed; return }`.
    fn split_arm(&self, split: &Split, take: &dyn Fn(&Listed) -> TokenStream, done: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let (private, stored, set) = (&self.private, split.stored.placed(), &split.set);
        let parts = split.taken.iter().map(|listed| {
            let (ty, set, taken) = (listed.entry.placed(), input::placed(set, listed.entry.span()), take(listed));
            quote_spanned! {site=>
                let part = match <#set as #private::Includes<#ty>>::pick(part) {
                    ::core::result::Result::Ok(decoded) => {
                        #taken
                        continue;
                    }
                    ::core::result::Result::Err(part) => part,
                };
            }
        });
        quote_spanned! {site=>
            if name == <#stored as #private::Event>::NAME {
                return match <#stored as #private::Event>::decode(codec, recorded) {
                    ::core::result::Result::Ok(old) => {
                        for part in <#stored as #private::SplitInto<#set>>::split(old) {
                            #(#parts)*
                        }
                        ::core::result::Result::Ok(#done)
                    }
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err(::core::convert::From::from(error))
                    }
                };
            }
        }
    }

    /// What it is built from.
    pub(super) fn doc(&self) -> String {
        let built = format!("Built from {}.", docs::links(self.entries.iter().map(|listed| &listed.entry)));
        if self.split.is_empty() {
            return built;
        }
        format!("{built} Also from what is read of {}.", docs::links(self.split.iter().map(|split| &split.stored)))
    }

    fn listed(&self) -> Vec<&Entry> {
        let entries = self.entries.iter().map(|listed| &listed.entry);
        entries.chain(self.split.iter().map(|split| &split.stored)).collect()
    }

    pub(super) fn generics(&self) -> Generics {
        let site = Span::mixed_site();
        let mut generics = event_set::bounded_generics(&self.item.generics, self.listed(), &self.private);
        if !generics.params.is_empty() {
            let bounds = quote_spanned!(site=> Self: ::core::marker::Send + ::core::marker::Sync + 'static);
            input::require(&mut generics, &bounds);
        }
        generics
    }
}

/// `Self`, shown as the entry, so that what is missing is shown where the event is listed.
pub(super) fn this(entry: &Entry) -> TokenStream {
    let site = Span::mixed_site();
    input::placed(&Ident::new("Self", site).to_token_stream(), entry.span())
}
