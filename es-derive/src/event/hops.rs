//! Writes the older shapes and the hops from each to the next.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Generics, Lit, Path};

use super::attrs::EventInput;
use super::chain::{Form, Step, StepKind};
use super::change::Change;
use super::hop::{self, Typed};
use super::shape::{self, Shape, ShapeField};
use crate::input::placed;
use crate::text;

/// `2 => { let event = payload as version 2; let event = 2 => 3; Ok(event) }`.
pub(super) fn decode_arm(event: &EventInput<'_>, steps: &[Step<'_>], first: &Step<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let (private, from) = (&event.private, first.from);
    let (_, ty_generics, _) = event.generics.split_for_impl();
    let decoded = match &first.kind {
        StepKind::Fields { older, .. } => {
            let older = shape_ident(event, older);
            quote_spanned!(site=> #private::old_payload::<__C, #older #ty_generics>(codec, recorded))
        }
        StepKind::Unchanged => {
            let same = form(event, &first.newer);
            match &first.newer {
                Form::Shape(shape) if shape.version == event.version() => {
                    quote_spanned!(site=> #private::payload::<__C, #same>(codec, recorded))
                }
                Form::Type(_) => quote_spanned!(site=> #private::payload::<__C, #same>(codec, recorded)),
                _ => quote_spanned!(site=> #private::old_payload::<__C, #same>(codec, recorded)),
            }
        }
        StepKind::Typed(Typed { old, .. }) => quote_spanned!(site=> #private::payload::<__C, #old>(codec, recorded)),
        StepKind::Json(_) => quote_spanned!(site=> #private::old_payload::<__C, #private::Value>(codec, recorded)),
    };
    let hops = steps.iter().filter(|step| step.from >= from && !matches!(step.kind, StepKind::Unchanged));
    let hops: Vec<_> = hops.map(|step| hop_call(event, step)).collect();
    if hops.is_empty() {
        return quote_spanned!(site=> #from => #decoded,);
    }
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

/// `let event = 2 => 3;`, and out with the error if there is one.
fn hop_call(event: &EventInput<'_>, step: &Step<'_>) -> TokenStream {
    let site = Span::mixed_site();
    let private = &event.private;
    let newer = |place| placed(&form(event, &step.newer), place);
    let (hop, is_fallible) = match &step.kind {
        StepKind::Fields { changes, .. } => {
            let hop = hop_ident(step.from);
            (quote_spanned!(site=> #hop(event, recorded)), can_fail(changes))
        }
        StepKind::Typed(Typed { old, is_fallible, with: Some(function) }) => {
            let (newer, inferred) = (newer(function.span()), inferred(function));
            let call = if *is_fallible {
                quote_spanned!(site=> #private::try_hop::<#inferred, #old, #newer, #inferred, _>(#function, event, recorded))
            } else {
                quote_spanned!(site=> #private::hop::<#inferred, #old, #newer, _>(#function, event, recorded))
            };
            (call, *is_fallible)
        }
        StepKind::Typed(Typed { old, is_fallible: false, with: None }) => {
            // The compiler shows a missing conversion on this type, so it stands where the user wrote the older one.
            let newer = newer(old.span());
            (quote_spanned!(site=> <#newer as #private::UpcastFrom<#old>>::upcast_from(event)), false)
        }
        StepKind::Typed(Typed { old, is_fallible: true, with: None }) => {
            let newer = newer(old.span());
            (quote_spanned!(site=> <#newer as #private::TryUpcastFrom<#old>>::try_upcast_from(event)), true)
        }
        // There is nothing to do.
        StepKind::Unchanged => return TokenStream::new(),
        StepKind::Json(function) => {
            let (newer, inferred) = (newer(function.span()), inferred(function));
            let call = quote_spanned!(site=> #private::json_hop::<#inferred, #newer, #inferred, _>(#function, event, recorded));
            (call, true)
        }
    };
    if !is_fallible {
        return quote_spanned!(site=> let event = #hop;);
    }
    quote_spanned! {site=>
        let event = match #hop {
            ::core::result::Result::Ok(event) => event,
            ::core::result::Result::Err(error) => {
                return ::core::result::Result::Err(#private::failed_hop(recorded, error));
            }
        };
    }
}

/// `_` for a type that the function tells; a wrong function is shown there, so that stands where it is named.
fn inferred(function: &Path) -> TokenStream {
    quote_spanned!(function.span().resolved_at(Span::mixed_site())=> _)
}

/// The type of a version on its way.
fn form(event: &EventInput<'_>, form: &Form<'_>) -> TokenStream {
    let site = Span::mixed_site();
    match form {
        Form::Type(ty) => quote_spanned!(site=> #ty),
        Form::Json => {
            let private = &event.private;
            quote_spanned!(site=> #private::Value)
        }
        Form::Shape(shape) => {
            let (ident, (_, ty_generics, _)) = (shape_ident(event, shape), event.generics.split_for_impl());
            quote_spanned!(site=> #ident #ty_generics)
        }
    }
}

fn can_fail(changes: &[Change]) -> bool {
    changes.iter().filter_map(Change::value).any(hop::can_fail)
}

pub(super) fn shape_ident(event: &EventInput<'_>, Shape { version, name, .. }: &Shape) -> Ident {
    if *version == event.version() {
        return event.ident.clone();
    }
    let own = || format_ident!("__{}V{version}", text::name(event.ident), span = Span::mixed_site());
    name.clone().unwrap_or_else(own)
}

fn hop_ident(from: u32) -> Ident {
    format_ident!("__upcast_{from}_to_{}", from + 1, span = Span::mixed_site())
}

/// What the derive writes for an older version.
#[derive(Default)]
pub(super) struct Older {
    /// The struct, if the user has named it; it stands beside the event.
    pub(super) named: TokenStream,
    /// The struct otherwise, and the function to the next version.
    pub(super) hidden: TokenStream,
}

/// The struct of the older version and the function to the next one, if they are the derive's to write.
pub(super) fn older_shape(event: &EventInput<'_>, step: &Step<'_>) -> Older {
    let (StepKind::Fields { older, changes }, Form::Shape(newer)) = (&step.kind, &step.newer) else {
        return Older::default();
    };
    let (shape, hop) = (shape_struct(event, older), hop_function(event, older, newer, changes));
    if older.name.is_some() {
        return Older { named: shape, hidden: hop };
    }
    Older { named: TokenStream::new(), hidden: quote_spanned!(Span::mixed_site()=> #shape #hop) }
}

fn shape_struct(event: &EventInput<'_>, shape: &Shape) -> TokenStream {
    let site = Span::mixed_site();
    let private = &event.private;
    let (ident, name) = (shape_ident(event, shape), text::name(event.ident));
    let name_of_event = event.name.as_deref().unwrap_or(&name);
    let expecting = format!("version {} of `{name_of_event}`", shape.version);
    let carried = shape::carried_attributes(event);
    let serde = text::source(quote_spanned!(site=> #private)).replace(' ', "") + "::serde";
    let fields = shape.fields.iter().map(|field| {
        let (attrs, ident, ty) = (&field.attrs, &field.ident, &field.ty);
        quote_spanned!(site=> #(#attrs)* #ident: #ty)
    });
    let (generics, where_clause) = (event.generics, &event.generics.where_clause);
    let marker = marker(generics);
    let doc = format!("Version {} of `{name_of_event}`, as its upcasts tell it.", shape.version);
    quote_spanned! {site=>
        #[doc = #doc]
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
    let private = &event.private;
    let (impl_generics, ty_generics, where_clause) = event.generics.split_for_impl();
    let (from, to) = (shape_ident(event, older), shape_ident(event, newer));
    let function = hop_ident(older.version);
    let old_fields = older.fields.iter().map(|field| &field.ident);
    let local = |field| format_ident!("__made_{}", text::name(field), span = site);
    // In the order in which the user wrote them, so that it is clear which one moves an older field first.
    let made = changes.iter().filter_map(|change| {
        let (Change::Add { field, .. } | Change::Retype { new: field, .. }) = change else { return None };
        let ty = newer.fields.iter().find(|newer| newer.ident == *field).map(|newer| &newer.ty)?;
        let (local, value) = (local(field), made_value(private, field, change.value()));
        Some(quote_spanned!(site=> let #local: #ty = #value;))
    });
    let made: TokenStream = made.collect();
    let fields = newer.fields.iter().map(|ShapeField { ident, .. }| {
        match changes.iter().find(|change| change.newer_field() == Some(ident)) {
            Some(Change::Rename { old, new }) => quote_spanned!(site=> #new: #old),
            Some(Change::Add { field, .. } | Change::Retype { new: field, .. }) => {
                let local = local(field);
                quote_spanned!(site=> #field: #local)
            }
            Some(Change::Remove { .. }) | None => quote_spanned!(site=> #ident: #ident),
        }
    });
    let has_marker = event.generics.type_params().next().is_some();
    let ignored = has_marker.then(|| quote_spanned!(site=> __parameters: _,));
    let marker = (has_marker && newer.version != event.version())
        .then(|| quote_spanned!(site=> __parameters: ::core::default::Default::default(),));
    let made_event = quote_spanned!(site=> #to { #(#fields,)* #marker });
    let (result, made_event) = if can_fail(changes) {
        (
            quote_spanned!(site=> ::core::result::Result<#to #ty_generics, #private::HopError>),
            quote_spanned!(site=> ::core::result::Result::Ok(#made_event)),
        )
    } else {
        (quote_spanned!(site=> #to #ty_generics), made_event)
    };
    // The user's expressions know the stored event by this name.
    let recorded = Ident::new("recorded", Span::call_site());
    quote_spanned! {site=>
        #[inline]
        #[allow(unused_variables, unused_qualifications, clippy::all, clippy::pedantic)]
        fn #function #impl_generics (old: #from #ty_generics, #recorded: &#private::RecordedEvent) -> #result #where_clause {
            let #from { #(#old_fields,)* #ignored } = old;
            #made
            #made_event
        }
    }
}

/// The user's expression; a text becomes whatever text type the field has.
fn made_value(private: &Path, field: &Ident, value: Option<&Expr>) -> TokenStream {
    let site = Span::mixed_site();
    match value {
        None => quote_spanned!(field.span().resolved_at(site)=> ::core::default::Default::default()),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
            let field = quote_spanned!(text.span().resolved_at(site)=> _);
            quote_spanned!(site=> <#field as #private::TextField>::from_text(#text))
        }
        Some(value) => quote_spanned!(site=> #value),
    }
}
