//! Writes what tells the shape of each version on the wire.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, Fields};

use super::attrs::EventInput;
use super::chain::{Step, StepKind};
use super::hop::Typed;
use crate::data::{self, Container, ShapeSource};

/// The body of `fn shape(version)`.
pub(super) fn of_version(event: &EventInput<'_>, steps: &[Step<'_>]) -> TokenStream {
    let site = Span::mixed_site();
    let (private, version) = (&event.private, event.version());
    let container = Container::of(&event.item.attrs);
    let none = Fields::Unit;
    let fields = if let Data::Struct(data) = &event.item.data { &data.fields } else { &none };
    let current = data::struct_shape(&container, fields, private);
    // Only the current version is this type; an older one may hold it.
    let (outer, current) = if steps.is_empty() {
        (quote_spanned!(site=> of::<Self>), current)
    } else {
        (quote_spanned!(site=> of_nothing), quote_spanned!(site=> outer.enter::<Self>(|outer| #current)))
    };
    let mut newer = current.clone();
    // From the newest to the oldest, because one that is unchanged is that of the next.
    let older = steps.iter().rev().map(|step| {
        let from = step.from;
        let shape = match &step.kind {
            StepKind::Unchanged => newer.clone(),
            StepKind::Fields { older, .. } => {
                let fields: Vec<_> = older
                    .fields
                    .iter()
                    .map(|field| ShapeSource { ident: &field.ident, ty: &field.ty, attrs: &field.attrs })
                    .collect();
                data::fields_shape(&container, &fields, private)
            }
            StepKind::Typed(Typed { old, .. }) => data::type_shape(old, private),
            StepKind::Json(_) => quote_spanned!(site=> #private::Shape::scalar("any")),
        };
        newer = shape.clone();
        quote_spanned!(site=> #from => #shape,)
    });
    let older: Vec<_> = older.collect();
    quote_spanned! {site=>
        #[allow(unused_imports)]
        use #private::SpelledShape as _;
        #[allow(unused_variables)]
        let outer = &mut #private::Outer::#outer();
        ::core::option::Option::Some(match version {
            #version => #current,
            #(#older)*
            _ => return ::core::option::Option::None,
        })
    }
}
