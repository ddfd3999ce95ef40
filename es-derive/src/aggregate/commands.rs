//! Writes the enum of an aggregate's commands, and its dispatch.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::attrs::AggregateInput;
use super::expand::Bodies;

impl AggregateInput<'_> {
    pub(super) fn command_set(&self, bodies: &Bodies) -> TokenStream {
        let site = Span::mixed_site();
        let Self { commands, command_enum, .. } = self;
        let enum_generics = self.enum_generics(commands);
        let item = self.enum_item("commands", command_enum, &enum_generics, commands, &self.command_derive);
        let (impl_generics, ty_generics, where_clause) = enum_generics.split_for_impl();
        let conversions = commands.iter().map(|entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            quote_spanned! {site=>
                #[automatically_derived]
                #[allow(unused_qualifications)]
                impl #impl_generics ::core::convert::From<#ty> for #command_enum #ty_generics #where_clause {
                    #[inline]
                    fn from(command: #ty) -> Self {
                        Self::#variant(command)
                    }
                }
            }
        });
        let dispatch = self.command_dispatch(bodies);
        quote_spanned!(site=> #item #(#conversions)* #dispatch)
    }

    fn command_dispatch(&self, bodies: &Bodies) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, commands, command_enum, .. } = self;
        let (aggregate, command_type, generics) = (self.aggregate_type(), self.command_type(), self.generics());
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let (creates, handled) = match bodies {
            Bodies::Missing => {
                (quote_spanned!(site=> ::core::unimplemented!()), quote_spanned!(site=> ::core::unimplemented!()))
            }
            Bodies::Written => {
                let arms = commands.iter().map(|entry| {
                    let (variant, ty) = (&entry.variant, entry.placed());
                    let handled_by = quote_spanned!(site=> <#ty as #private::HandledBy<#aggregate>>);
                    (
                        quote_spanned!(site=> #command_enum::#variant(ref command) => #handled_by::creates(command),),
                        quote_spanned!(site=> #command_enum::#variant(command) => #handled_by::handled_by(command, state),),
                    )
                });
                let (creates, handled): (Vec<_>, Vec<_>) = arms.unzip();
                (
                    quote_spanned!(site=> match *self { #(#creates)* }),
                    quote_spanned!(site=> match self { #(#handled)* }),
                )
            }
        };
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::HandledBy<#aggregate> for #command_type #where_clause {
                fn creates(&self) -> bool {
                    #creates
                }

                #[allow(unused_variables)]
                fn handled_by(self, state: &#aggregate) -> #private::Decision<#aggregate> {
                    #handled
                }
            }
        }
    }
}
