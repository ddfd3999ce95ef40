//! What rustdoc shows on generated items: what the attributes say, for those who read only the documentation.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::entries::Entry;

/// The attributes for a text.
///
/// What it links to is named as the user has named it, and may be private, or a type that no link can be made to.
pub(crate) fn attrs(text: &str) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[doc = #text]
        #[allow(rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)]
    }
}

/// A link to a type.
pub(crate) fn link(ty: &impl ToTokens) -> String {
    format!("[`{}`]", ty.to_token_stream().to_string().replace(' ', ""))
}

/// Links to the types of entries: "A, B and C".
pub(crate) fn links<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let links: Vec<_> = entries.into_iter().map(|entry| link(&entry.ty)).collect();
    and(&links)
}

/// Source text or a stored name; a line of its own is no more than a space.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A list of what is of one kind.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// Paragraphs and lists, without those that are empty.
pub(crate) fn paragraphs<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// "a, b and c".
pub(crate) fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::value::Home;
    use proc_macro2::TokenTree;
    use quote::quote;

    use super::*;

    /// The longest doc comment of what a derive writes.
    ///
    /// Nothing has a place here, so the spaces in what was source are not those that a user sees.
    fn longest(tokens: TokenStream) -> String {
        let docs = tokens.into_iter().map(|token| match token {
            TokenTree::Group(group) => longest(group.stream()),
            TokenTree::Literal(literal) => {
                syn::parse2::<syn::LitStr>(quote!(#literal)).map_or_else(|_| String::new(), |text| text.value())
            }
            _ => String::new(),
        });
        docs.max_by_key(String::len).unwrap_or_default()
    }

    #[test]
    fn an_event_tells_its_names_and_versions() {
        let event = crate::event::derive(
            &syn::parse_quote! {
                #[event(name = "paid", alias = "payed", version = 4, oldest = 2)]
                #[upcast(3 => 4, unchanged)]
                #[upcast(2 => 3, rename(amt => amount), add(currency = "EUR"))]
                struct Paid { amount: u64, currency: String }
            },
            Home::Core,
        );
        assert_eq!(
            longest(event).replace("( ", "(").replace(" )", ")"),
            "Stored as `paid`, version 4. Also read as `payed`, which it was before. Versions before 2 are not read.\n\n\
             - Version 3: `rename(amt=>amount)`, `add(currency=\"EUR\")`\n- Version 4: `unchanged`"
        );
    }

    #[test]
    fn a_command_tells_its_rules() {
        let command = crate::command::derive(
            &syn::parse_quote! {
                #[command(aggregate = Account, create, emits = Paid { amount })]
                #[require(command.amount > 0, AccountError::ZeroAmount)]
                struct Pay { amount: u64 }
            },
            Home::Core,
        );
        assert_eq!(
            longest(command),
            "Emits [`Paid`]. Accepted only if the aggregate does not exist yet.\n\nRefused, in this order, unless:\n\n\
             - `command.amount>0`, else `AccountError::ZeroAmount`"
        );
    }

    #[test]
    fn an_aggregate_tells_its_events_and_commands() {
        let aggregate = crate::aggregate::derive(
            &syn::parse_quote! {
                #[aggregate(
                    name = "account", id = String, error = AccountError, events(Paid, bank::Opened),
                    split(PaidWithFee), retired("printed"), commands(Pay),
                )]
                struct Account {}
            },
            Home::Core,
        );
        assert_eq!(
            longest(aggregate),
            "Its streams are named `account-{id}`.\n\nIts events: [`Paid`] and [`bank::Opened`].\n\
             Read as some of these: [`PaidWithFee`].\nPassed over: `printed`.\n\nIts commands: [`Pay`]."
        );
    }

    #[test]
    fn a_projection_tells_what_it_is_built_from() {
        let projection = crate::projection::derive(
            &syn::parse_quote! {
                #[projection(name = "total", events(Paid), split(PaidWithFee = AccountEvent(Paid)))]
                struct Total {}
            },
            Home::Core,
        );
        assert_eq!(longest(projection), "Built from [`Paid`]. Also from what is read of [`PaidWithFee`].");
    }
}
