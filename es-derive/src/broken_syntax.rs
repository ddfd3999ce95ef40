//! What is being typed is broken most of the time: no derive panics at it, forgets the item, or writes what cannot be
//! parsed.

use proc_macro2::{Group, Punct, Spacing, TokenStream, TokenTree};
use syn::DeriveInput;

use crate::value::Home;
use crate::{aggregate, command, event, event_set, process, projection};

#[test]
fn a_broken_event_stays_an_event() {
    for_each_break(
        event::derive,
        r#"
        /// Docs.
        #[event(name = "money-deposited", version = 5, oldest = 1, alias = "money-put", crate = ::kernel)]
        #[upcast(1 => 2, from = Old, with = path::function)]
        #[upcast(2 => 3, try_from = Older<u8>)]
        #[upcast(3 => 4, with = function)]
        #[upcast(4 => 5, add(note, by = recorded.actor()?), rename(amt => amount), remove(of: u8), change(n: u8 => n + 1))]
        #[serde(rename_all = "camelCase")]
        pub struct MoneyDeposited<T: Item> where T: Copy { note: String, by: T, amount: u64, n: u16 }
        "#,
    );
}

#[test]
fn a_broken_command_stays_a_command() {
    for_each_break(
        command::derive,
        r"
        #[command(create, aggregate = Account<T>, emits = path::MoneyDeposited<T> { amount, by: state.by[0], .. })]
        #[require(command.amount > 0, AccountError::NotPositive { amount: command.amount })]
        #[require(state.is_open, Closed)]
        pub struct Deposit<T> { amount: u64, note: T }
        ",
    );
}

#[test]
fn a_broken_aggregate_stays_an_aggregate() {
    for_each_break(
        aggregate::derive,
        r#"
        #[aggregate(
            name = "account", id = Id<u8>, error = AccountError, events(Opened, Closed = path::Closed<T>),
            split(Moved), retired("poked"), commands(Open, Close), event_enum = Fact, event_derive(Debug),
            command_enum = Wish, command_derive(Clone),
        )]
        pub struct Account<T: Item> { owner: Option<T> }
        "#,
    );
    for_each_break(
        aggregate::derive,
        r#"#[aggregate(name = "account", id = u8, error = E, event = path::Facts, commands())] struct Account;"#,
    );
}

#[test]
fn a_broken_projection_stays_a_projection() {
    for_each_break(
        projection::derive,
        r#"
        #[projection(name = "accounts", events(Opened, path::Closed), split(Moved = path::Facts(Left, Arrived)))]
        struct Accounts(u8);
        "#,
    );
}

#[test]
fn a_broken_process_manager_stays_a_process_manager() {
    for_each_break(
        process::derive,
        r#"
        #[process(
            name = "shipping", id = Id<u8>,
            events(Placed(start, key = event.order.clone()), path::Paid(continue_or_ignore, end, key = recorded.id)),
            deadlines(Overdue, path::Lost), commands(Parcel(Send, path::Return), path::Order(Cancel)), crate = ::kernel,
        )]
        struct Shipping { order: String }
        "#,
    );
}

#[test]
fn a_broken_event_set_stays_an_event_set() {
    for_each_break(
        event_set::derive,
        r#"#[event_set(split(Moved), retired("poked"), crate = kernel)] enum Facts { Opened(Opened), Closed(path::Closed) }"#,
    );
}

/// Derives for `item` with each of its tokens missing, doubled, replaced by a comma, or the last of its group.
fn for_each_break(derive: fn(&DeriveInput, Home) -> TokenStream, item: &str) {
    let whole: TokenStream = item.parse().unwrap();
    let mut tried = 0;
    for broken in breaks(whole) {
        // What is no item at all is refused before any derive sees it.
        let Ok(input) = syn::parse2::<DeriveInput>(broken.clone()) else { continue };
        let expanded = std::panic::catch_unwind(|| derive(&input, Home::Core).to_string());
        let Ok(expanded) = expanded else { panic!("panics at {broken}") };
        let parsed = syn::parse_str::<syn::File>(&expanded);
        assert!(parsed.is_ok(), "{broken}\nbecomes {expanded}");
        assert!(expanded.contains("impl"), "forgets {broken}");
        tried += 1;
    }
    assert!(tried > 50, "{tried}");
}

fn breaks(stream: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let with = |at: usize, instead: Vec<TokenTree>| {
        tokens[..at].iter().cloned().chain(instead).chain(tokens[at + 1..].iter().cloned()).collect()
    };
    let mut broken = vec![tokens.iter().cloned().collect()];
    for (at, token) in tokens.iter().enumerate() {
        broken.push(with(at, Vec::new()));
        broken.push(with(at, vec![token.clone(), token.clone()]));
        broken.push(with(at, vec![Punct::new(',', Spacing::Alone).into()]));
        broken.push(tokens[..at].iter().cloned().collect());
        if let TokenTree::Group(group) = token {
            let inner = breaks(group.stream()).into_iter();
            broken.extend(inner.map(|inner| with(at, vec![Group::new(group.delimiter(), inner).into()])));
        }
    }
    broken
}
