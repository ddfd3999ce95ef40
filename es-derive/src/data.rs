//! `#[derive(EventData)]`: tells the shape of a type on the wire, as serde's attributes make it.

mod attrs;
mod expand;
mod rename;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput};

use crate::attr::Grammar;
use crate::diagnostics::Diagnostics;
use crate::input;
use crate::value::{CratePath, Home};

pub(crate) use self::attrs::Container;
pub(crate) use self::expand::{ShapeSource, fields_shape, struct_shape, type_shape};

const EVENT_DATA: Grammar = Grammar { name: "event_data", keys: &["crate"] };

pub(crate) fn derive(input: &DeriveInput, home: Home) -> TokenStream {
    let site = Span::mixed_site();
    let diagnostics = Diagnostics::new();
    let mut krate = CratePath::default();
    EVENT_DATA.read(&input.attrs, &diagnostics, |key, input| match key.to_string().as_str() {
        "crate" => krate.set(key, input),
        _ => Err(EVENT_DATA.unknown(key)),
    });
    let private = krate.private(home);
    let container = Container::of(&input.attrs);
    let shape = match &input.data {
        Data::Struct(data) => struct_shape(&container, &data.fields, &private),
        Data::Enum(data) => expand::enum_shape(&container, &data.variants, &private),
        Data::Union(data) => {
            diagnostics.error(data.union_token, "the shape of a union cannot be told; use a struct or an enum");
            quote_spanned!(site=> ::core::unimplemented!())
        }
    };
    let mut generics = input.generics.clone();
    for param in input.generics.type_params() {
        let param = &param.ident;
        input::require(&mut generics, &quote_spanned!(site=> #param: #private::EventData));
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let (ident, (_, ty_generics, _)) = (&input.ident, input.generics.split_for_impl());
    let errors = diagnostics.finish();
    quote_spanned! {site=>
        #errors

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
