//! `snapshot(every = 200, fold = 2)`, and what it says of the state: how it is kept.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, LitInt, Meta, Token, parenthesized};

use super::attrs::AggregateInput;
use crate::attr;
use crate::data::{self, Container};
use crate::diagnostics::Diagnostics;
use crate::value::{self, Once};

/// How often a snapshot is taken, and the version of the fold.
pub(super) struct Snapshot {
    every: u64,
    fold: u32,
}

impl Snapshot {
    pub(super) fn parse(key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Self> {
        let none = || syn::Error::new_spanned(key, "`snapshot` says after how many events: `snapshot(every = 200)`");
        if !input.peek(syn::token::Paren) {
            return Err(none());
        }
        let content;
        parenthesized!(content in input);
        let (mut every, mut fold) = (Once::default(), Once::default());
        let before = diagnostics.count();
        attr::between_commas(&content, diagnostics, |input| {
            let key = input.call(Ident::parse_any)?;
            match key.to_string().as_str() {
                "every" => every.set(&key, count(&value::value(&key, input, "a number of events")?)?),
                "fold" => fold.set(&key, value::version(&value::value(&key, input, "a number")?)?),
                _ => {
                    let message = format!("unknown key `{key}`; `snapshot(..)` knows `every` and `fold`");
                    Err(syn::Error::new_spanned(&key, message))
                }
            }
        });
        if every.get().is_none() && diagnostics.count() == before {
            return Err(none());
        }
        Ok(Self { every: every.take().unwrap_or(1), fold: fold.take().unwrap_or(1) })
    }
}

fn count(literal: &LitInt) -> syn::Result<u64> {
    match literal.base10_parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(syn::Error::new_spanned(literal, "snapshots are at least one event apart; write `every = 200`")),
    }
}

/// Refuses fields that a snapshot would forget, so that it would stand for another state than its events make.
pub(super) fn refuse_skipped(item: &DeriveInput, diagnostics: &Diagnostics) {
    let Data::Struct(data) = &item.data else { return };
    for attribute in data.fields.iter().flat_map(|field| serde_keys(&field.attrs)) {
        let key = attribute.to_string();
        if matches!(key.as_str(), "skip" | "skip_serializing" | "skip_deserializing") {
            let message = format!(
                "a snapshot would forget this field; remove `{key}`, or take the field out of the state, \
                 or remove `snapshot(..)`"
            );
            diagnostics.error(&attribute, message);
        }
    }
}

/// The keys of `#[serde(..)]`.
fn serde_keys(attrs: &[Attribute]) -> Vec<Ident> {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    let metas = serde.filter_map(|attr| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    metas.flatten().filter_map(|meta| meta.path().get_ident().cloned()).collect()
}

impl AggregateInput<'_> {
    /// What the aggregate says of snapshots itself.
    pub(super) fn snapshot_model(&self) -> Option<TokenStream> {
        let private = &self.private;
        self.snapshot.as_ref().map(|_| {
            quote_spanned! {Span::mixed_site()=>
                const SNAPSHOTS: ::core::option::Option<#private::StateModel<Self>> =
                    ::core::option::Option::Some(#private::StateModel::new());
            }
        })
    }

    pub(super) fn snapshotted(&self) -> TokenStream {
        let Some(Snapshot { every, fold }) = &self.snapshot else { return TokenStream::new() };
        let Data::Struct(data) = &self.item.data else { return TokenStream::new() };
        let site = Span::mixed_site();
        let private = &self.private;
        let (ident, generics) = (&self.item.ident, self.user_generics());
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let (_, ty_generics, _) = self.item.generics.split_for_impl();
        let shape = data::struct_shape(&Container::of(&self.item.attrs), &data.fields, private);
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(trivial_bounds, unused_qualifications)]
            impl #impl_generics #private::Snapshotted for #ident #ty_generics #where_clause {
                const EVERY: u64 = #every;
                const FOLD: u32 = #fold;

                fn state_shape() -> #private::Shape {
                    #[allow(unused_imports)]
                    use #private::SpelledShape as _;
                    #[allow(unused_variables)]
                    let outer = &mut <#private::Outer as ::core::default::Default>::default();
                    outer.enter::<Self>(|outer| #shape)
                }

                fn encode_state<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                    #private::encode::<__C, #ident #ty_generics>(codec, self)
                }

                fn decode_state<__C: #private::Codec>(
                    codec: &__C,
                    bytes: &[u8],
                ) -> ::core::result::Result<Self, #private::CodecError> {
                    #private::decode::<__C, #ident #ty_generics>(codec, bytes)
                }
            }
        }
    }
}
