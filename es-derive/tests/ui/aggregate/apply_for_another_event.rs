use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
struct AccountClosed;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands())]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {}
}

fn close() -> AccountEvent {
    AccountClosed.into()
}

fn main() {}
