//! The implementation of `EventSet`: for the enum that `#[derive(Aggregate)]` writes, and, as `#[derive(EventSet)]`,
//! for an enum of the user's.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Data, DeriveInput, Fields, Generics, Path};

use crate::attr::{self, CratePath};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;

/// An enum with one variant for each event.
pub(crate) struct EventSet<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) private: &'a Path,
    pub(crate) entries: &'a [Entry],
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let mut krate = CratePath::default();
    attr::for_each_key(&input.attrs, "event_set", &diagnostics, |key, input| match key.to_string().as_str() {
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "event_set", &["crate"])),
    });
    input::refuse_lifetimes(input, "an event", &diagnostics);
    let entries = entries::unique(variants(input, &diagnostics), "event", &diagnostics);
    let private = krate.private();
    let set = EventSet { ident: &input.ident, generics: &input.generics, private: &private, entries: &entries };
    match diagnostics.finish() {
        None => {
            let mut expanded = set.expand();
            expanded.extend(set.apply_to());
            expanded
        }
        Some(errors) => errors,
    }
}

fn variants(input: &DeriveInput, diagnostics: &Diagnostics) -> Vec<Entry> {
    let Data::Enum(data) = &input.data else {
        diagnostics.error(&input.ident, "a set of events is an enum: `enum Events { Opened(Opened), .. }`");
        return Vec::new();
    };
    if data.variants.is_empty() {
        diagnostics.error(&input.ident, "a set of events needs at least one: `Opened(Opened)`");
    }
    let entry = |variant: &syn::Variant| match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            Some(Entry { variant: variant.ident.clone(), ty: fields.unnamed[0].ty.clone() })
        }
        _ => {
            let name = &variant.ident;
            diagnostics.error(variant, format!("each variant holds one event: `{name}({name})`"));
            None
        }
    };
    data.variants.iter().filter_map(entry).collect()
}

impl EventSet<'_> {
    /// `EventSet`, `From` and `Includes`, and the check that stored names are unique.
    pub(crate) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, .. } = self;
        let generics = self.bounded_generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let variants: Vec<_> = self.entries.iter().map(|entry| &entry.variant).collect();
        let types: Vec<_> = self.entries.iter().map(Entry::placed).collect();
        let conversions = self.conversions();
        let uniqueness = self.uniqueness();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::EventSet for #ident #ty_generics #where_clause {
                const EVENTS: &'static [#private::EventModel] = &[#(<#types as #private::Event>::MODEL),*];

                #[inline]
                fn name(&self) -> #private::EventName {
                    match self {
                        #(Self::#variants(_) => const { #private::EventName::from_static(<#types as #private::Event>::NAME) },)*
                    }
                }

                #[inline]
                fn schema_version(&self) -> u32 {
                    match self {
                        #(Self::#variants(_) => <#types as #private::Event>::VERSION,)*
                    }
                }

                fn encode<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                    match self {
                        #(Self::#variants(event) => <#types as #private::Event>::encode(event, codec),)*
                    }
                }

                fn decode<__C: #private::Codec>(
                    codec: &__C,
                    event: &#private::RecordedEvent,
                ) -> ::core::result::Result<Self, #private::DecodeError> {
                    let name = event.name.as_str();
                    #(if name == <#types as #private::Event>::NAME {
                        return match <#types as #private::Event>::decode(codec, event) {
                            ::core::result::Result::Ok(event) => ::core::result::Result::Ok(Self::#variants(event)),
                            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                        };
                    })*
                    ::core::result::Result::Err(#private::unknown_event(event))
                }
            }

            #conversions
            #uniqueness
        }
    }

    /// What a mistake elsewhere leaves of it: the conversions, and a set that knows no event.
    pub(crate) fn stub(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, .. } = self;
        let generics = self.bounded_generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let conversions = self.conversions();
        quote_spanned! {site=>
            #[automatically_derived]
            impl #impl_generics #private::EventSet for #ident #ty_generics #where_clause {
                const EVENTS: &'static [#private::EventModel] = &[];
                fn name(&self) -> #private::EventName { ::core::unimplemented!() }
                fn schema_version(&self) -> u32 { ::core::unimplemented!() }
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
            }
            #conversions
        }
    }

    /// `ApplyTo` any state, for aggregates that name the enum instead of listing its events.
    fn apply_to(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, .. } = self;
        let (_, ty_generics, _) = self.generics.split_for_impl();
        let mut generics = self.bounded_generics();
        let types: Vec<_> = self.entries.iter().map(Entry::placed).collect();
        let variants: Vec<_> = self.entries.iter().map(|entry| &entry.variant).collect();
        for ty in &types {
            input::require(&mut generics, &quote_spanned!(site=> __S: #private::Apply<#ty>));
        }
        generics.params.push(syn::parse_quote!(__S));
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let state = Ident::new("__S", site);
        let state = state.to_token_stream();
        let replays = self.entries.iter().map(|entry| replay_arm(private, entry, Fold::Apply, &state));
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::ApplyTo<__S> for #ident #ty_generics #where_clause {
                fn apply_to(self, state: &mut __S) {
                    match self {
                        #(Self::#variants(event) => <__S as #private::Apply<#types>>::apply(state, event),)*
                    }
                }

                fn replay_to<__C: #private::Codec>(
                    codec: &__C,
                    event: &#private::RecordedEvent,
                    state: &mut __S,
                ) -> ::core::result::Result<(), #private::DecodeError> {
                    let name = event.name.as_str();
                    #(#replays)*
                    ::core::result::Result::Err(#private::unknown_event(event))
                }
            }
        }
    }

    fn conversions(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, .. } = self;
        let generics = self.bounded_generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let conversion = |entry: &Entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            quote_spanned! {site=>
                #[automatically_derived]
                #[allow(unused_qualifications)]
                impl #impl_generics ::core::convert::From<#ty> for #ident #ty_generics #where_clause {
                    #[inline]
                    fn from(event: #ty) -> Self {
                        Self::#variant(event)
                    }
                }

                #[automatically_derived]
                #[allow(unused_qualifications)]
                impl #impl_generics #private::Includes<#ty> for #ident #ty_generics #where_clause {}
            }
        };
        self.entries.iter().map(conversion).collect()
    }

    fn uniqueness(&self) -> TokenStream {
        if !self.generics.params.is_empty() {
            // The models of a generic set are known only where it is used.
            return TokenStream::new();
        }
        let Self { ident, private, entries, .. } = self;
        let models = quote_spanned!(Span::mixed_site()=> <#ident as #private::EventSet>::EVENTS);
        unique_names(private, entries, &models)
    }

    /// The generics, with the promise that generic events are events.
    pub(crate) fn bounded_generics(&self) -> Generics {
        bounded_generics(self.generics, self.entries, self.private)
    }
}

/// `generics`, with the promise that those entries that mention a parameter are events.
pub(crate) fn bounded_generics(generics: &Generics, entries: &[Entry], private: &Path) -> Generics {
    let mut bounded = generics.clone();
    for entry in entries.iter().filter(|entry| entry.is_generic(generics)) {
        let ty = &entry.ty;
        input::require(&mut bounded, &quote_spanned!(Span::mixed_site()=> #ty: #private::Event));
    }
    bounded
}

/// One check for each entry but the first, shown on that entry.
pub(crate) fn unique_names(private: &Path, entries: &[Entry], models: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let check = |(at, entry): (usize, &Entry)| {
        let place = entry.span().resolved_at(site);
        let call = quote_spanned!(place=> assert_unique_name(__MODELS, #at));
        quote_spanned!(site=> const _: () = #private::#call;)
    };
    let checks: TokenStream = entries.iter().enumerate().skip(1).map(check).collect();
    quote_spanned! {site=>
        const _: () = {
            const __MODELS: &[#private::EventModel] = #models;
            #checks
        };
    }
}

/// What is done with a decoded event.
#[derive(Clone, Copy)]
pub(crate) enum Fold {
    /// `Apply`: it changes the state of an aggregate.
    Apply,
    /// `Project`: it changes a read model.
    Project,
}

/// `if it is that event { decode it; apply it; return }`.
pub(crate) fn replay_arm(private: &Path, entry: &Entry, fold: Fold, state_type: &TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let ty = entry.placed();
    // A missing implementation is shown on the type whose it is, so that stands where the event is listed.
    let state_type = input::placed(state_type, entry.span());
    let (call, done) = match fold {
        Fold::Apply => (
            quote_spanned!(site=> <#state_type as #private::Apply<#ty>>::apply(state, decoded)),
            quote_spanned!(site=> ()),
        ),
        Fold::Project => (
            quote_spanned!(site=> <#state_type as #private::Project<#ty>>::project(state, decoded, event)),
            quote_spanned!(site=> #private::Projected::Applied),
        ),
    };
    quote_spanned! {site=>
        if name == <#ty as #private::Event>::NAME {
            return match <#ty as #private::Event>::decode(codec, event) {
                ::core::result::Result::Ok(decoded) => {
                    #call;
                    ::core::result::Result::Ok(#done)
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            };
        }
    }
}
