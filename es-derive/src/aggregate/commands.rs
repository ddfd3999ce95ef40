//! Writes the enum of an aggregate's commands, and its dispatch.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

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
        let listed = |entry: &Entry| {
            let (variant, ty) = (&entry.variant, entry.placed());
            (quote_spanned!(site=> #ident::#variant), quote_spanned!(site=> <#ty as #private::Listed<#aggregate>>))
        };
        let (variants, listed): (Vec<_>, Vec<_>) = entries.iter().map(listed).unzip();
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(trivial_bounds, unused_qualifications)]
            impl #impl_generics #private::HandledBy<#aggregate> for #command_type #where_clause {
                fn name(&self) -> &'static str {
                    match *self { #(#variants(_) => #listed::COMMAND.type_name,)* }
                }

                fn creates(&self) -> bool {
                    match *self { #(#variants(ref command) => #listed::is_creating(command),)* }
                }

                #[allow(unused_variables)]
                fn handled_by(self, state: &#aggregate) -> #private::Decision<#aggregate> {
                    match self { #(#variants(command) => #listed::decided_by(command, state),)* }
                }
            }
        }
    }

    /// The body of `fn abilities()`.
    pub(super) fn abilities(&self) -> TokenStream {
        let site = Span::mixed_site();
        let (private, command_type) = (&self.private, self.set_type(&self.commands));
        let entries = match &self.commands {
            Set::Listed { entries, .. } => &entries[..],
            Set::Named(_) | Set::Unknown { .. } => &[],
        };
        let types: Vec<_> = entries.iter().map(Entry::placed).collect();
        quote_spanned! {site=>
            #[allow(unused_imports)]
            use #private::{UnableCommand as _, UnableState as _};
            type __Probe<__T> = #private::StateProbe<__T>;
            #private::Abilities::new(
                #private::StateAbilities {
                    write: __Probe::<Self>::WRITE,
                    read: __Probe::<Self>::READ,
                    same: __Probe::<Self>::SAME,
                    show: __Probe::<Self>::SHOW,
                },
                #private::list([#(
                    <#types as #private::Listed<Self>>::abilities(#private::CommandProbe::<#command_type, #types>::READ)
                ),*]),
            )
        }
    }
}
