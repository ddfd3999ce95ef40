use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "", id = String, error = Infallible, events(AccountOpened), commands())]
struct Empty;

impl Apply<AccountOpened> for Empty {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "$account", id = String, error = Infallible, events(AccountOpened), commands())]
struct Reserved;

impl Apply<AccountOpened> for Reserved {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "bank account", id = String, error = Infallible, events(AccountOpened), commands())]
struct Spaced;

impl Apply<AccountOpened> for Spaced {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "bank\naccount", id = String, error = Infallible, events(AccountOpened), commands())]
struct TwoLines;

impl Apply<AccountOpened> for TwoLines {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", id = String, error = Infallible, events(AccountOpened), commands())]
struct TooLong;

impl Apply<AccountOpened> for TooLong {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
