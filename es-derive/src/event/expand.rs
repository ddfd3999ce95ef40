//! Writes the `Event` implementation.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::attrs::EventInput;
use super::chain::{Step, StepKind};
use super::{hops, wire};
use crate::docs;
use crate::input;
use crate::text;

pub(super) fn expand(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, aliases, .. } = event;
    let (name, version, oldest) = (name(event), event.version(), event.oldest());
    let mut generics = event.generics.clone();
    let (_, ty_generics, _) = event.generics.split_for_impl();
    let older: Vec<_> = steps.iter().map(|step| hops::older_shape(event, step)).collect();
    let (named, hidden) = (older.iter().map(|older| &older.named), older.iter().map(|older| &older.hidden));
    if !generics.params.is_empty() {
        for step in steps {
            let StepKind::Fields { older, .. } = &step.kind else { continue };
            let older = hops::shape_ident(event, older);
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
    let unknown = quote_spanned! {site=>
        ::core::result::Result::Err(#private::unknown_version(recorded, #oldest, #version))
    };
    let others = if steps.is_empty() {
        unknown
    } else {
        let arms = steps.iter().map(|step| hops::decode_arm(event, steps, step));
        quote_spanned!(site=> #private::aside(|| match recorded.schema_version { #(#arms)* _ => #unknown }))
    };
    let model = model(event, steps);
    let shape_of_version = wire::of_version(event, steps);
    let (encode, decode) = if event.is_struct() {
        (
            quote_spanned!(site=> #private::encode(codec, self)),
            quote_spanned!(site=> #private::payload(codec, recorded)),
        )
    } else {
        // serde can do nothing for a union.
        (quote_spanned!(site=> ::core::unimplemented!()), quote_spanned!(site=> ::core::unimplemented!()))
    };
    let docs = docs::attrs(&doc(event));
    quote_spanned! {site=>
        #(#named)*

        const _: () = {
            #(#hidden)*

            #docs
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
                    #encode
                }

                #[inline]
                fn decode<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<Self, #private::DecodeError> {
                    match recorded.schema_version {
                        #version => #decode,
                        _ => #others,
                    }
                }

                fn shape(version: u32) -> ::core::option::Option<#private::Shape> {
                    #shape_of_version
                }
            }
        };
    }
}

/// The stored name; if a mistake hides it, one that no other event has, so that nothing else is said about it.
fn name(event: &EventInput<'_>) -> TokenStream {
    let (site, ident) = (Span::mixed_site(), text::name(event.ident));
    if let Some(name) = &event.name {
        return quote_spanned!(site=> #name);
    }
    quote_spanned!(site=> ::core::concat!(::core::module_path!(), "::", #ident))
}

/// Its name, and what each version changed.
fn doc(event: &EventInput<'_>) -> String {
    let name = event.name.as_deref().map_or_else(|| "an unknown name".to_owned(), docs::code);
    let mut told = vec![format!("Stored as {name}, version {}.", event.version())];
    let aliases: Vec<_> = event.aliases.iter().map(|alias| docs::code(alias)).collect();
    if !aliases.is_empty() {
        told.push(format!("Also read as {}, which it was before.", docs::and(&aliases)));
    }
    if event.oldest() > 1 {
        told.push(format!("Versions before {} are not read.", event.oldest()));
    }
    let mut hops: Vec<_> = event.hops.iter().flatten().collect();
    hops.sort_by_key(|hop| hop.from);
    let hops = hops.into_iter().map(|hop| {
        let changes: Vec<_> = hop.changes.iter().map(|change| docs::code(change)).collect();
        format!("Version {}: {}", hop.from + 1, changes.join(", "))
    });
    docs::paragraphs([told.join(" "), docs::list(hops)])
}

fn model(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, aliases, .. } = event;
    let (name, version, oldest) = (name(event), event.version(), event.oldest());
    let (type_name, doc) = (text::name(ident), text::doc(&event.item.attrs));
    let fields = input::field_models(&event.fields, &event.item.attrs, private);
    let hops = steps.iter().map(|step| {
        let from = step.from;
        let changes = event.hops.iter().flatten().filter(|hop| hop.from == from).flat_map(|hop| &hop.changes);
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
