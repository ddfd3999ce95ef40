//! Writes the `KeyedProjection` implementation.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Type};

use super::attrs::ProjectionInput;
use super::expand::this;
use super::listed::Listed;
use crate::docs;
use crate::text;

impl ProjectionInput<'_> {
    pub(super) fn keyed(&self, key: &Type, index: &[Ident], delete_when: Option<&Expr>) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let ident = &item.ident;
        let indexes: Vec<_> = index.iter().map(text::name).collect();
        // Shown on the field as it is listed.
        let fields = index.iter().map(|field| quote_spanned!(field.span().resolved_at(site)=> &self.#field));
        let constants = self.constants(Some(&text::source(key.to_token_stream())), &indexes);
        let docs = docs::attrs(&self.doc());
        let generics = self.generics();
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let applied = quote_spanned!(site=> #private::Projected::Applied);
        let changes = self.dispatch(&|listed| self.changes(listed), &applied, &self.not_listed());
        let texts = quote_spanned!(site=> texts);
        let keys = self.key_arms();
        let is_deleted = delete_when.map(|condition| {
            // The user's tokens find this name.
            let row = Ident::new("row", Span::call_site());
            quote_spanned! {site=>
                fn is_deleted(&self) -> bool {
                    let #row = self;
                    #condition
                }
            }
        });
        quote_spanned! {site=>
            #docs
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::KeyedProjection for #ident #ty_generics #where_clause {
                type Key = #key;

                #constants

                #[allow(unused_variables)]
                fn row_changes<'__e, __C: #private::Codec>(
                    codec: &__C,
                    recorded: &'__e #private::RecordedEvent,
                    changes: &mut #private::List<#private::RowChange<'__e, Self>>,
                ) -> ::core::result::Result<#private::Projected, #private::RowError> {
                    #changes
                }

                #[allow(unused_variables)]
                fn row_keys<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<#private::List<#private::Text>, #private::RowError> {
                    let mut #texts = #private::list([]);
                    #keys
                }

                fn index_values(&self) -> ::core::result::Result<
                    #private::List<(&'static str, #private::IndexValue)>,
                    (&'static str, #private::NotIndexable),
                > {
                    #[allow(unused_mut)]
                    let mut values = #private::list([]);
                    #(#private::index_value(&mut values, #indexes, #fields)?;)*
                    ::core::result::Result::Ok(values)
                }

                #is_deleted

                fn encode_row<__C: #private::Codec>(
                    &self,
                    codec: &__C,
                ) -> ::core::result::Result<#private::Bytes, #private::CodecError> {
                    #private::encode(codec, self)
                }

                fn decode_row<__C: #private::Codec>(
                    codec: &__C,
                    bytes: &[u8],
                ) -> ::core::result::Result<Self, #private::CodecError> {
                    #private::decode(codec, bytes)
                }
            }
        }
    }

    /// What a `decoded` event does, added to `changes`.
    fn changes(&self, listed: &Listed) -> TokenStream {
        let (site, private, ty) = (Span::mixed_site(), &self.private, listed.entry.placed());
        let this = this(&listed.entry);
        let change = |key: TokenStream, event: TokenStream| {
            if listed.delete {
                quote_spanned!(site=> changes.push(#private::RowChange::delete(#key, recorded));)
            } else {
                quote_spanned!(site=> changes.push(#private::project_row::<#this, #ty>(#key, #event, recorded));)
            }
        };
        let decoded = quote_spanned!(site=> decoded);
        match &listed.keys {
            None => {
                let change = change(quote_spanned!(site=> key), decoded);
                quote_spanned! {site=>
                    let key = #private::key_of_stream::<Self>(recorded)?;
                    #change
                }
            }
            Some(keys) => {
                let keys = self.keys(keys, &ty);
                let event = quote_spanned!(listed.entry.span().resolved_at(site)=> #private::again(&decoded));
                let change = change(quote_spanned!(site=> key), event);
                quote_spanned! {site=>
                    for key in #keys {
                        #change
                    }
                }
            }
        }
    }

    /// The keys that an expression of the user's gives for a `decoded` event.
    fn keys(&self, keys: &Expr, ty: &TokenStream) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        // The user's tokens find these names.
        let (event, stored) = (Ident::new("event", Span::call_site()), Ident::new("recorded", Span::call_site()));
        let given = match keys {
            Expr::Array(array) => {
                let elements = array.elems.iter();
                // A key of another type is shown where it stands.
                let keys = elements.map(
                    |element| quote_spanned!(element.span().resolved_at(site)=> #private::key::<Self, _>(&(#element))),
                );
                quote_spanned!(site=> #private::list([#(#keys),*]))
            }
            other => quote_spanned!(site=> #private::keys::<Self, _>(#other)),
        };
        quote_spanned! {site=>
            #private::distinct::<Self>({
                let #event: &#ty = &decoded;
                let #stored: &#private::RecordedEvent = recorded;
                #given
            })
        }
    }

    /// The keys of a stored event, which is decoded only where they depend on it.
    fn key_arms(&self) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let default = self.entries.iter().filter(|listed| listed.keys.is_none()).map(|listed| {
            let ty = listed.entry.placed();
            quote_spanned! {site=>
                if recorded.name == <#ty as #private::Event>::NAME {
                    texts.push(#private::RowKey::to_text(&#private::key_of_stream::<Self>(recorded)?));
                    return ::core::result::Result::Ok(texts);
                }
            }
        });
        let take = |listed: &Listed| match &listed.keys {
            None => quote_spanned! {site=>
                texts.push(#private::RowKey::to_text(&#private::key_of_stream::<Self>(recorded)?));
            },
            Some(keys) => {
                let keys = self.keys(keys, &listed.entry.placed());
                quote_spanned!(site=> ::core::iter::Extend::extend(&mut texts, #private::key_texts::<Self>(&#keys));)
            }
        };
        let texts = quote_spanned!(site=> texts);
        let dispatch = self.dispatch(&take, &texts, &texts);
        quote_spanned!(site=> #(#default)* #dispatch)
    }
}
