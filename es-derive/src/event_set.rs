//! The implementation of `EventSet`: for the enum that `#[derive(Aggregate)]` writes, and, as `#[derive(EventSet)]`,
//! for an enum of the user's.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Data, DeriveInput, Fields, Generics, LitStr, Path};

use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;

/// An enum with one variant for each event.
pub(crate) struct EventSet<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) private: &'a Path,
    pub(crate) entries: &'a [Entry],
    pub(crate) history: &'a History,
}

/// What is stored, but no event of the set any more.
#[derive(Default)]
pub(crate) struct History {
    /// Events that are read as others.
    pub(crate) split: Vec<Entry>,
    /// Stored names that are passed over.
    pub(crate) retired: Vec<LitStr>,
}

impl History {
    /// Checks what can be seen without the stored names of the events.
    pub(crate) fn check(split: Option<Vec<Entry>>, retired: Option<Vec<LitStr>>, diagnostics: &Diagnostics) -> Self {
        let mut kept: Vec<LitStr> = Vec::new();
        for name in retired.unwrap_or_default() {
            if kept.iter().any(|other| other.value() == name.value()) {
                diagnostics.error(&name, format!("`{}` is retired twice; remove one of them", name.value()));
            } else {
                kept.push(name);
            }
        }
        Self { split: entries::unique(split.unwrap_or_default(), "event", diagnostics), retired: kept }
    }
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let mut krate = CratePath::default();
    let (mut split, mut retired) = (Once::<Vec<Entry>>::default(), Once::<Vec<LitStr>>::default());
    attr::for_each_key(&input.attrs, "event_set", &diagnostics, |key, input| match key.to_string().as_str() {
        "split" => split.set(key, attr::list(key, input)?),
        "retired" => retired.set(key, attr::list(key, input)?),
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "event_set", &["split", "retired", "crate"])),
    });
    let history = History::check(split.take(), retired.take(), &diagnostics);
    input::refuse_lifetimes(input, "an event", &diagnostics);
    let entries = entries::unique(variants(input, &diagnostics), "event", &diagnostics);
    let private = krate.private();
    let set = EventSet {
        ident: &input.ident,
        generics: &input.generics,
        private: &private,
        entries: &entries,
        history: &history,
    };
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
                const SPLIT: &'static [#private::EventModel] = &[];
                const RETIRED: &'static [&'static str] = &[];
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
                ) -> ::core::result::Result<#private::Events<Self>, #private::DecodeError> {
                    ::core::unimplemented!()
                }
                fn shape(_: &str, _: u32) -> ::core::option::Option<#private::Shape> { ::core::unimplemented!() }
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
        let replay = self.replay_body(
            &state.to_token_stream(),
            &quote_spanned!(site=> Self),
            &quote_spanned!(site=> #private::ApplyTo::<__S>::apply_to(event, state)),
        );
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
                    recorded: &#private::RecordedEvent,
                    state: &mut __S,
                ) -> ::core::result::Result<(), #private::DecodeError> {
                    #replay
                }
            }
        }
    }

    /// Reads `recorded` and applies it to `state`, without making the enum in between.
    ///
    /// `set` is the enum, whose events a split event is read as, and `apply` takes one of them.
    pub(crate) fn replay_body(&self, state_type: &TokenStream, set: &TokenStream, apply: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let private = self.private;
        let arms = self.entries.iter().map(|entry| replay_arm(private, entry, Fold::Apply, state_type));
        quote_spanned! {site=>
            let name = recorded.name.as_str();
            #(#arms)*
            // Events that were split, retired or renamed.
            match <#set as #private::EventSet>::decode(codec, recorded) {
                ::core::result::Result::Ok(events) => {
                    ::core::iter::Iterator::for_each(
                        ::core::iter::IntoIterator::into_iter(events),
                        |event| #apply,
                    );
                    ::core::result::Result::Ok(())
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
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
        self.entries.iter().map(conversion).collect()
    }

    fn uniqueness(&self) -> TokenStream {
        if !self.generics.params.is_empty() {
            // The models of a generic set are known only where it is used.
            return TokenStream::new();
        }
        let Self { ident, private, entries, history, .. } = self;
        let site = Span::mixed_site();
        let (events, split) = (
            quote_spanned!(site=> <#ident as #private::EventSet>::EVENTS),
            quote_spanned!(site=> <#ident as #private::EventSet>::SPLIT),
        );
        let entries: Vec<_> = entries.iter().chain(&history.split).collect();
        unique_names(private, &entries, &history.retired, (&events, &split))
    }

    /// The generics, with the promise that generic events are events.
    pub(crate) fn bounded_generics(&self) -> Generics {
        bounded_generics(self.generics, self.entries.iter().chain(&self.history.split), self.private)
    }
}

/// `generics`, with the promise that those entries that mention a parameter are events.
pub(crate) fn bounded_generics<'a>(
    generics: &Generics,
    entries: impl IntoIterator<Item = &'a Entry>,
    private: &Path,
) -> Generics {
    let mut bounded = generics.clone();
    for entry in entries.into_iter().filter(|entry| entry.is_generic(generics)) {
        let ty = &entry.ty;
        input::require(&mut bounded, &quote_spanned!(Span::mixed_site()=> #ty: #private::Event));
    }
    bounded
}

/// One check for each entry and each retired name, shown on it.
pub(crate) fn unique_names(
    private: &Path,
    entries: &[&Entry],
    retired: &[LitStr],
    (events, split): (&TokenStream, &TokenStream),
) -> TokenStream {
    let site = Span::mixed_site();
    let check = |(at, entry): (usize, &&Entry)| {
        let place = entry.span().resolved_at(site);
        let call = quote_spanned!(place=> assert_unique_name(__MODELS, #at));
        quote_spanned!(site=> const _: () = #private::#call;)
    };
    let checks: TokenStream = entries.iter().enumerate().map(check).collect();
    let retired = retired.iter().map(|name| {
        let call = quote_spanned!(name.span().resolved_at(site)=> assert_retired(__MODELS, #name));
        quote_spanned!(site=> const _: () = #private::#call;)
    });
    quote_spanned! {site=>
        const _: () = {
            const __MODELS: &[#private::EventModel] = &#private::joined::<{ #events.len() + #split.len() }>(#events, #split);
            #checks
            #(#retired)*
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
            quote_spanned!(site=> <#state_type as #private::Project<#ty>>::project(state, decoded, recorded)),
            quote_spanned!(site=> #private::Projected::Applied),
        ),
    };
    quote_spanned! {site=>
        if name == <#ty as #private::Event>::NAME {
            return match <#ty as #private::Event>::decode(codec, recorded) {
                ::core::result::Result::Ok(decoded) => {
                    #call;
                    ::core::result::Result::Ok(#done)
                }
                ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
            };
        }
    }
}
