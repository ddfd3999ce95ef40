//! Writes the `Event` implementation.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::attrs::EventInput;
use super::chain::{Step, StepKind};
use super::{hops, wire};
use crate::input;
use crate::text;

pub(super) fn expand(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, name, aliases, version, oldest, .. } = event;
    let mut generics = event.generics.clone();
    let (_, ty_generics, _) = event.generics.split_for_impl();
    let shapes: TokenStream = steps.iter().map(|step| hops::older_shape(event, step)).collect();
    if !generics.params.is_empty() {
        for step in steps.iter().filter(|step| matches!(step.kind, StepKind::Fields { .. })) {
            let older = hops::shape_ident(event, step.from);
            let bound = quote_spanned!(site=> #older #ty_generics: #private::serde::de::DeserializeOwned);
            input::require(&mut generics, &bound);
        }
        // A bound on a type without parameters would be an error instead of a promise.
        let bounds = quote_spanned! {site=>
            Self: #private::serde::Serialize + #private::serde::de::DeserializeOwned + ::core::marker::Send + 'static
        };
        input::require(&mut generics, &bounds);
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let arms = steps.iter().map(|step| hops::decode_arm(event, steps, step));
    let model = model(event, steps);
    let shape_of_version = wire::of_version(event, steps);
    quote_spanned! {site=>
        const _: () = {
            #shapes

            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Event for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
                const ALIASES: &'static [&'static str] = &[#(#aliases),*];
                const VERSION: u32 = #version;
                const MODEL: #private::EventModel = #model;

                #[inline]
                fn encode<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                    #private::encode(codec, self)
                }

                #[inline]
                fn decode<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<Self, #private::DecodeError> {
                    match recorded.schema_version {
                        #version => #private::payload(codec, recorded),
                        #(#arms)*
                        _ => ::core::result::Result::Err(#private::unknown_version(recorded, #oldest, #version)),
                    }
                }

                fn shape(version: u32) -> ::core::option::Option<#private::Shape> {
                    #shape_of_version
                }
            }
        };
    }
}

/// An implementation that compiles, so that a mistake shows once and not at every use.
pub(super) fn stub(event: &EventInput<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, name, version, .. } = event;
    let mut generics = event.generics.clone();
    if !generics.params.is_empty() {
        input::require(&mut generics, &quote_spanned!(site=> Self: ::core::marker::Send + 'static));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    if event.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let model = model(event, &[]);
    quote_spanned! {site=>
        #[automatically_derived]
        impl #impl_generics #private::Event for #ident #ty_generics #where_clause {
            const NAME: &'static str = #name;
            const ALIASES: &'static [&'static str] = &[];
            const VERSION: u32 = #version;
            const MODEL: #private::EventModel = #model;

            fn encode<__C: #private::Codec>(
                &self,
                _: &__C,
            ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                ::core::unimplemented!()
            }

            fn decode<__C: #private::Codec>(
                _: &__C,
                _: &#private::RecordedEvent,
            ) -> ::core::result::Result<Self, #private::DecodeError> {
                ::core::unimplemented!()
            }

            fn shape(_: u32) -> ::core::option::Option<#private::Shape> {
                ::core::unimplemented!()
            }
        }
    }
}

fn model(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, name, aliases, version, oldest, .. } = event;
    let (type_name, doc) = (text::name(ident), text::doc(&event.item.attrs));
    let fields = input::field_models(&event.fields, private);
    let hops = steps.iter().map(|step| {
        let from = step.from;
        let changes = event.hops.iter().filter(|hop| hop.from == from).flat_map(|hop| &hop.changes);
        quote_spanned!(site=> #private::HopModel { from: #from, changes: &[#(#changes),*] })
    });
    quote_spanned! {site=>
        #private::EventModel {
            name: #name,
            aliases: &[#(#aliases),*],
            type_name: #type_name,
            version: #version,
            oldest: #oldest,
            doc: #doc,
            fields: #fields,
            hops: &[#(#hops),*],
        }
    }
}
