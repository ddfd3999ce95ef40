//! Writes the checks of what no derive can see alone: that no stored name is used twice.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{LitStr, Path};

use crate::entries::Entry;

/// One check for each entry and each retired name, shown on it.
pub(crate) fn unique_names(private: &Path, entries: &[&Entry], retired: &[LitStr]) -> TokenStream {
    let site = Span::mixed_site();
    let types = entries.iter().map(|entry| entry.placed());
    // A call is shown from its first to its last token, so those are parentheses that stand on the entry, because
    // parentheses are the name of nothing.
    let check = |place: Span, function: TokenStream, arguments: TokenStream| {
        let call = quote_spanned!(place.resolved_at(site)=> (#function)(#arguments));
        quote_spanned!(site=> const _: () = #call;)
    };
    let checks = entries.iter().enumerate().map(|(at, entry)| {
        let function = quote_spanned!(site=> #private::assert_unique_name);
        check(entry.span(), function, quote_spanned!(site=> __MODELS, #at, __DIFFER))
    });
    let retired = retired.iter().map(|name| {
        let function = quote_spanned!(site=> #private::assert_retired);
        check(name.span(), function, quote_spanned!(site=> __MODELS, #name))
    });
    quote_spanned! {site=>
        const _: () = {
            const __MODELS: &[#private::EventModel] = &[#(<#types as #private::Event>::MODEL),*];
            const __DIFFER: bool = #private::names_differ(__MODELS);
            #(#checks)*
            #(#retired)*
        };
    }
}
