//! Writes the `Event` implementation, the older shapes and the hops between them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Generics, Lit};

use super::attrs::EventInput;
use super::chain::{Step, StepKind};
use super::hop::Change;
use super::shape::{self, Shape};
use crate::input::{self, placed};
use crate::text;

pub(super) fn expand(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, name, version, .. } = event;
    let mut generics = event.generics.clone();
    let (_, ty_generics, _) = event.generics.split_for_impl();
    let mut shapes = TokenStream::new();
    for step in steps {
        let StepKind::Fields { older, newer, changes } = &step.kind else { continue };
        shapes.extend(shape_struct(event, older));
        shapes.extend(hop_function(event, older, newer, changes));
        if !generics.params.is_empty() {
            let older = shape_ident(event, older.version);
            let bound = quote_spanned!(site=> #older #ty_generics: #private::serde::de::DeserializeOwned);
            input::require(&mut generics, &bound);
        }
    }
    if !generics.params.is_empty() {
        // A bound on a type without parameters would be an error instead of a promise.
        input::require(
            &mut generics,
            &quote_spanned!(site=> Self: #private::serde::Serialize + #private::serde::de::DeserializeOwned
                + ::core::marker::Send + 'static),
        );
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let arms = steps.iter().map(|step| decode_arm(event, steps, step));
    let model = model(event, steps);
    quote_spanned! {site=>
        const _: () = {
            #shapes

            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Event for #ident #ty_generics #where_clause {
                const NAME: &'static str = #name;
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
                    event: &#private::RecordedEvent,
                ) -> ::core::result::Result<Self, #private::DecodeError> {
                    match event.schema_version {
                        #version => #private::payload(codec, event),
                        #(#arms)*
                        _ => ::core::result::Result::Err(#private::future_version(event, #version)),
                    }
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
        }
    }
}

fn model(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let EventInput { ident, private, name, version, .. } = event;
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
            type_name: #type_name,
            version: #version,
            doc: #doc,
            fields: #fields,
            hops: &[#(#hops),*],
        }
    }
}

/// `2 => { let event = payload as version 2; let event = 2 => 3; Ok(event) }`.
fn decode_arm(event: &EventInput<'_>, steps: &[Step<'_>], first: &Step<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let (private, from) = (&event.private, first.from);
    let (_, ty_generics, _) = event.generics.split_for_impl();
    let decoded = match &first.kind {
        StepKind::Fields { older, .. } => {
            let older = shape_ident(event, older.version);
            quote_spanned!(site=> #private::old_payload::<__C, #older #ty_generics>(codec, event))
        }
        StepKind::Typed(old) => quote_spanned!(site=> #private::payload::<__C, #old>(codec, event)),
    };
    let hops = steps.iter().filter(|step| step.from >= from).map(|step| match &step.kind {
        StepKind::Fields { older, .. } => {
            let hop = hop_ident(older.version);
            quote_spanned!(site=> let event = #hop(event);)
        }
        StepKind::Typed(old) => {
            let newer = newer_type(event, steps, step, old.span());
            quote_spanned!(site=> let event = <#newer as #private::UpcastFrom<#old>>::upcast_from(event);)
        }
    });
    quote_spanned! {site=>
        #from => match #decoded {
            ::core::result::Result::Ok(event) => {
                #(#hops)*
                ::core::result::Result::Ok(event)
            }
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        },
    }
}

/// What a typed hop makes: the older type of the next typed hop, or the event itself.
///
/// The compiler shows a missing conversion on this type, so it stands where the user wrote the older one.
fn newer_type(event: &EventInput<'_>, steps: &[Step<'_>], step: &Step<'_>, place: Span) -> TokenStream {
    let next = steps.iter().find(|next| next.from == step.from + 1);
    if let Some(Step { kind: StepKind::Typed(newer), .. }) = next {
        return placed(newer, place);
    }
    let (ident, (_, ty_generics, _)) = (event.ident, event.generics.split_for_impl());
    placed(&quote_spanned!(Span::mixed_site()=> #ident #ty_generics), place)
}

fn shape_ident(event: &EventInput<'_>, version: u32) -> Ident {
    if version == event.version {
        event.ident.clone()
    } else {
        format_ident!("__{}V{version}", text::name(event.ident), span = Span::mixed_site())
    }
}

fn hop_ident(from: u32) -> Ident {
    format_ident!("__upcast_{from}_to_{}", from + 1, span = Span::mixed_site())
}

fn shape_struct(event: &EventInput<'_>, shape: &Shape) -> TokenStream {
    let site = Span::mixed_site();
    let private = &event.private;
    let (ident, name) = (shape_ident(event, shape.version), text::name(event.ident));
    let expecting = format!("version {} of `{}`", shape.version, event.name);
    let carried = shape::carried_attributes(event);
    let serde = text::source(quote_spanned!(site=> #private)).replace(' ', "") + "::serde";
    let fields = shape.fields.iter().map(|field| {
        let (attrs, ident, ty) = (&field.attrs, &field.ident, &field.ty);
        quote_spanned!(site=> #(#attrs)* #ident: #ty)
    });
    let (generics, where_clause) = (event.generics, &event.generics.where_clause);
    let marker = marker(generics);
    quote_spanned! {site=>
        #[derive(#private::serde::Deserialize)]
        #[serde(crate = #serde, rename = #name, expecting = #expecting, #carried)]
        #[allow(clippy::all, clippy::pedantic, unused_qualifications)]
        struct #ident #generics #where_clause {
            #(#fields,)*
            #marker
        }
    }
}

/// Uses every type parameter, because an older shape may lack the field that does.
fn marker(generics: &Generics) -> TokenStream {
    let site = Span::mixed_site();
    let params: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    if params.is_empty() {
        return TokenStream::new();
    }
    // serde knows by its name that this type needs nothing of its parameters.
    quote_spanned!(site=> #[serde(skip)] __parameters: ::core::marker::PhantomData<fn() -> (#(#params,)*)>,)
}

fn hop_function(event: &EventInput<'_>, older: &Shape, newer: &Shape, changes: &[Change]) -> TokenStream {
    let site = Span::mixed_site();
    let (impl_generics, ty_generics, where_clause) = event.generics.split_for_impl();
    let (from, to) = (shape_ident(event, older.version), shape_ident(event, newer.version));
    let function = hop_ident(older.version);
    let old_fields = older.fields.iter().map(|field| &field.ident);
    let mut added = TokenStream::new();
    let fields: Vec<_> = newer
        .fields
        .iter()
        .map(|field| {
            let ident = &field.ident;
            match changes.iter().find(|change| matches!(change, Change::Add { field, .. } | Change::Rename { new: field, .. } if field == ident)) {
                Some(Change::Add { field, value }) => {
                    let ty = newer.field(field).map(|field| &field.ty);
                    let local = format_ident!("__added_{}", text::name(field), span = site);
                    let value = added_value(field, value.as_ref());
                    added.extend(quote_spanned!(site=> let #local: #ty = #value;));
                    quote_spanned!(site=> #field: #local)
                }
                Some(Change::Rename { old, new }) => quote_spanned!(site=> #new: #old),
                None => quote_spanned!(site=> #ident: #ident),
            }
        })
        .collect();
    let has_marker = event.generics.type_params().next().is_some();
    let ignored = has_marker.then(|| quote_spanned!(site=> __parameters: _,));
    let marker = (has_marker && newer.version != event.version)
        .then(|| quote_spanned!(site=> __parameters: ::core::default::Default::default(),));
    quote_spanned! {site=>
        #[inline]
        #[allow(unused_variables, unused_qualifications, clippy::all, clippy::pedantic)]
        fn #function #impl_generics (old: #from #ty_generics) -> #to #ty_generics #where_clause {
            let #from { #(#old_fields,)* #ignored } = old;
            #added
            #to { #(#fields,)* #marker }
        }
    }
}

/// The user's expression; a text becomes whatever text type the field has.
fn added_value(field: &Ident, value: Option<&Expr>) -> TokenStream {
    let site = Span::mixed_site();
    match value {
        None => quote_spanned!(field.span().resolved_at(site)=> ::core::default::Default::default()),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
            quote_spanned!(site=> ::core::convert::Into::into(#text))
        }
        Some(value) => quote_spanned!(site=> #value),
    }
}
