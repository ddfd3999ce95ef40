//! Writes the implementations of a set of events.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::{EventSet, History, names};
use crate::entries::Entry;
use crate::input;

impl EventSet<'_> {
    /// `EventSet`, `From` and `Includes`, and the check that stored names are unique.
    pub(crate) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, others, .. } = self;
        let generics = self.bounded_generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let variants: Vec<_> = self.entries.iter().map(|entry| &entry.variant).collect();
        let types: Vec<_> = self.entries.iter().map(Entry::placed).collect();
        let History { split, retired } = self.history;
        let split: Vec<_> = split.iter().map(Entry::placed).collect();
        let conversions = self.conversions();
        let uniqueness = self.uniqueness();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::EventSet for #ident #ty_generics #where_clause {
                const EVENTS: &'static [#private::EventModel] = &[#(<#types as #private::Event>::MODEL),*];
                const SPLIT: &'static [#private::EventModel] = &[#(<#split as #private::Event>::MODEL),*];
                const RETIRED: &'static [&'static str] = &[#(#retired),*];

                #[inline]
                fn name(&self) -> #private::EventName {
                    match self {
                        #(Self::#variants(_) => const { #private::EventName::from_static(<#types as #private::Event>::NAME) },)*
                        #(#others => ::core::unimplemented!(),)*
                    }
                }

                #[inline]
                fn schema_version(&self) -> u32 {
                    match self {
                        #(Self::#variants(_) => <#types as #private::Event>::VERSION,)*
                        #(#others => ::core::unimplemented!(),)*
                    }
                }

                fn encode<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                    match self {
                        #(Self::#variants(event) => <#types as #private::Event>::encode(event, codec),)*
                        #(#others => ::core::unimplemented!(),)*
                    }
                }

                fn decode<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<#private::Events<Self>, #private::DecodeError> {
                    let mut name = recorded.name.as_str();
                    loop {
                        #(if name == <#types as #private::Event>::NAME {
                            return match <#types as #private::Event>::decode(codec, recorded) {
                                ::core::result::Result::Ok(event) => {
                                    ::core::result::Result::Ok(#private::Events::one(Self::#variants(event)))
                                }
                                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                            };
                        })*
                        #(if name == <#split as #private::Event>::NAME {
                            return match <#split as #private::Event>::decode(codec, recorded) {
                                ::core::result::Result::Ok(old) => {
                                    ::core::result::Result::Ok(<#split as #private::SplitInto<Self>>::split(old))
                                }
                                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
                            };
                        })*
                        #(if name == #retired {
                            return ::core::result::Result::Ok(#private::Events::none());
                        })*
                        name = match #private::current_name(
                            [<Self as #private::EventSet>::EVENTS, <Self as #private::EventSet>::SPLIT],
                            name,
                        ) {
                            ::core::option::Option::Some(current) => current,
                            ::core::option::Option::None => {
                                return ::core::result::Result::Err(#private::unknown_event(recorded));
                            }
                        };
                    }
                }

                fn shape(name: &str, version: u32) -> ::core::option::Option<#private::Shape> {
                    #(if name == <#types as #private::Event>::NAME {
                        return <#types as #private::Event>::shape(version);
                    })*
                    #(if name == <#split as #private::Event>::NAME {
                        return <#split as #private::Event>::shape(version);
                    })*
                    ::core::option::Option::None
                }
            }

            #conversions
            #uniqueness
        }
    }

    /// `ApplyTo` any state, for aggregates that name the enum instead of listing its events.
    ///
    /// The trait stands at `keyword`, as if the user had written it: where the aggregate lacks an `Apply`, the compiler
    /// would otherwise advise not to use the derive.
    pub(super) fn apply_to(&self, keyword: Span) -> TokenStream {
        let site = Span::mixed_site();
        let Self { ident, private, others, .. } = self;
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
        let replay = self.replay_body(
            &state.to_token_stream(),
            &quote_spanned!(site=> Self),
            &quote_spanned!(site=> #private::ApplyTo::<__S>::apply_to(event, state)),
        );
        let apply_to = quote_spanned!(keyword=> __ApplyTo<__S>);
        quote_spanned! {site=>
            const _: () = {
                use #private::ApplyTo as __ApplyTo;

                #[automatically_derived]
                #[allow(unused_qualifications)]
                impl #impl_generics #apply_to for #ident #ty_generics #where_clause {
                    fn apply_to(self, state: &mut __S) {
                        match self {
                            #(Self::#variants(event) => <__S as #private::Apply<#types>>::apply(state, event),)*
                            #(#others => ::core::unimplemented!(),)*
                        }
                    }

                    fn replay_to<__C: #private::Codec>(
                        codec: &__C,
                        recorded: &#private::RecordedEvent,
                        state: &mut __S,
                    ) -> ::core::result::Result<(), #private::DecodeError> {
                        #replay
                    }
                }
            };
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
                impl #impl_generics ::core::convert::From<#ty> for #ident #ty_generics #where_clause {
                    #[inline]
                    fn from(event: #ty) -> Self {
                        Self::#variant(event)
                    }
                }

                #[automatically_derived]
                impl #impl_generics #private::Includes<#ty> for #ident #ty_generics #where_clause {
                    fn pick(self) -> ::core::result::Result<#ty, Self> {
                        match self {
                            Self::#variant(event) => ::core::result::Result::Ok(event),
                            #[allow(unreachable_patterns)]
                            other => ::core::result::Result::Err(other),
                        }
                    }
                }
            }
        };
        let conversions = self.entries.iter().map(conversion);
        quote_spanned! {site=>
            #[allow(unused_qualifications)]
            const _: () = {
                #(#conversions)*
            };
        }
    }

    fn uniqueness(&self) -> TokenStream {
        if !self.generics.params.is_empty() {
            // The models of a generic set are known only where it is used.
            return TokenStream::new();
        }
        let entries: Vec<_> = self.entries.iter().chain(&self.history.split).collect();
        names::unique_names(self.private, &entries, &self.history.retired)
    }
}
