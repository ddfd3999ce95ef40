//! Writes the enum of an aggregate's commands, and its dispatch.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use super::attrs::{AggregateInput, Set};
use crate::entries::Entry;

impl AggregateInput<'_> {
    pub(super) fn command_set(&self) -> TokenStream {
        let mut expanded = self.set_item("commands", &self.commands);
        if let Set::Listed { ident, entries, .. } = &self.commands {
            expanded.extend(self.command_conversions(ident, entries));
            expanded.extend(self.command_dispatch(ident, entries));
        }
        expanded
    }

    fn command_conversions(&self, ident: &Ident, entries: &[Entry]) -> TokenStream {
        let site = Span::mixed_site();
        let generics = self.enum_generics(entries);
        let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
        let conversion = |entry: &Entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            quote_spanned! {site=>
                #[automatically_derived]
                #[allow(unused_qualifications)]
                impl #impl_generics ::core::convert::From<#ty> for #ident #ty_generics #where_clause {
                    #[inline]
                    fn from(command: #ty) -> Self {
                        Self::#variant(command)
                    }
                }
            }
        };
        entries.iter().map(conversion).collect()
    }

    fn command_dispatch(&self, ident: &Ident, entries: &[Entry]) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, .. } = self;
        let (aggregate, command_type, generics) =
            (self.aggregate_type(), self.set_type(&self.commands), self.user_generics());
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let arms = entries.iter().map(|entry| dispatch_arms(private, ident, entry, &aggregate));
        let (creates, handled): (Vec<_>, Vec<_>) = arms.unzip();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(trivial_bounds, unused_qualifications)]
            impl #impl_generics #private::HandledBy<#aggregate> for #command_type #where_clause {
                fn creates(&self) -> bool {
                    match *self { #(#creates)* }
                }

                #[allow(unused_variables)]
                fn handled_by(self, state: &#aggregate) -> #private::Decision<#aggregate> {
                    match self { #(#handled)* }
                }
            }
        }
    }
}

fn dispatch_arms(private: &Path, ident: &Ident, entry: &Entry, aggregate: &TokenStream) -> (TokenStream, TokenStream) {
    let site = Span::mixed_site();
    let (variant, ty) = (&entry.variant, entry.placed());
    let listed = quote_spanned!(site=> <#ty as #private::Listed<#aggregate>>);
    (
        quote_spanned!(site=> #ident::#variant(ref command) => #listed::is_creating(command),),
        quote_spanned!(site=> #ident::#variant(command) => #listed::decided_by(command, state),),
    )
}
