//! `#[derive(EventData)]`: tells the shape of a type on the wire, as serde's attributes make it.

mod attrs;
mod expand;
mod rename;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput};

use crate::attr::{self, CratePath};
use crate::diagnostics::Diagnostics;
use crate::input;

pub(crate) use self::attrs::Container;
pub(crate) use self::expand::{ShapeSource, fields_shape, struct_shape, type_shape};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let site = Span::mixed_site();
    let diagnostics = Diagnostics::new();
    let mut krate = CratePath::default();
    attr::for_each_key(&input.attrs, "event_data", &diagnostics, |key, input| match key.to_string().as_str() {
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "event_data", &["crate"])),
    });
    let private = krate.private();
    let container = Container::of(&input.attrs);
    let shape = match &input.data {
        Data::Struct(data) => struct_shape(&container, &data.fields, &private),
        Data::Enum(data) => expand::enum_shape(&container, &data.variants, &private),
        Data::Union(data) => {
            diagnostics.error(data.union_token, "the shape of a union cannot be told; use a struct or an enum");
            TokenStream::new()
        }
    };
    if let Some(errors) = diagnostics.finish() {
        return errors;
    }
    let mut generics = input.generics.clone();
    for param in input.generics.type_params() {
        let param = &param.ident;
        input::require(&mut generics, &quote_spanned!(site=> #param: #private::EventData));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (ident, (_, ty_generics, _)) = (&input.ident, input.generics.split_for_impl());
    quote_spanned! {site=>
        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #impl_generics #private::EventData for #ident #ty_generics #where_clause {
            fn shape(outer: &mut #private::Outer) -> #private::Shape {
                #[allow(unused_imports)]
                use #private::SpelledShape as _;
                outer.enter::<Self>(|outer| #shape)
            }
        }
    }
}
