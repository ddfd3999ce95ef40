//! `#[derive(Projection)]`: finds, decodes and hands on the events that a read model lists.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{DeriveInput, LitStr};

use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::event_set::{self, Fold};
use crate::input;
use crate::text;

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let (mut name, mut krate) = (Once::<LitStr>::default(), CratePath::default());
    let mut events = Once::<Vec<Entry>>::default();
    attr::for_each_key(&input.attrs, "projection", &diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, attr::string(key, input)?),
        "events" => events.set(key, attr::list(key, input)?),
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "projection", &["name", "events", "crate"])),
    });
    input::fields(input, "a projection", &diagnostics);
    input::refuse_lifetimes(input, "a projection", &diagnostics);
    let place = attr::find(&input.attrs, "projection").map_or(input.ident.to_token_stream(), ToTokens::to_token_stream);
    if name.get().is_none() {
        let suggestion = text::separated(&input.ident, '-');
        diagnostics.error(
            &place,
            format!("a projection needs a stored name for its checkpoint; write `#[projection(name = \"{suggestion}\", ..)]`"),
        );
    }
    if name.get().is_some_and(|name| name.value().is_empty()) {
        diagnostics.error(name.get(), "a stored name may not be empty");
    }
    if events.get().is_none_or(Vec::is_empty) {
        diagnostics.error(&place, "a projection is built from events; write `events(Opened, ..)`");
    }
    let entries = entries::unique(events.take().unwrap_or_default(), "event", &diagnostics);
    let name = name.take().map(|name| name.value()).unwrap_or_default();
    let private = krate.private();

    let site = Span::mixed_site();
    let (ident, type_name, doc) = (&input.ident, text::name(&input.ident), text::doc(&input.attrs));
    let mut generics = event_set::bounded_generics(&input.generics, &entries, &private);
    if !generics.params.is_empty() {
        let bounds = quote_spanned!(site=> Self: ::core::marker::Send + ::core::marker::Sync + 'static);
        input::require(&mut generics, &bounds);
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let errors = diagnostics.finish();
    let is_stub = errors.is_some();
    let types: Vec<_> = if is_stub { Vec::new() } else { entries.iter().map(Entry::placed).collect() };
    let this = Ident::new("Self", site).to_token_stream();
    let body = if is_stub {
        quote_spanned!(site=> ::core::unimplemented!())
    } else {
        let arms = entries.iter().map(|entry| event_set::replay_arm(&private, entry, Fold::Project, &this));
        quote_spanned! {site=>
            let state = self;
            let name = event.name.as_str();
            #(#arms)*
            ::core::result::Result::Ok(#private::Projected::NotListed)
        }
    };
    let uniqueness = if is_stub || !generics.params.is_empty() {
        TokenStream::new()
    } else {
        event_set::unique_names(
            &private,
            &entries,
            &quote_spanned!(site=> <#ident as #private::Projection>::MODEL.events),
        )
    };
    quote_spanned! {site=>
        #errors

        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #impl_generics #private::Projection for #ident #ty_generics #where_clause {
            const NAME: &'static str = #name;
            const MODEL: #private::ProjectionModel = #private::ProjectionModel {
                name: #name,
                type_name: #type_name,
                doc: #doc,
                events: &[#(<#types as #private::Event>::MODEL),*],
            };

            #[allow(unused_variables)]
            fn project_event<__C: #private::Codec>(
                &mut self,
                codec: &__C,
                event: &#private::RecordedEvent,
            ) -> ::core::result::Result<#private::Projected, #private::DecodeError> {
                #body
            }
        }

        #uniqueness
    }
}
