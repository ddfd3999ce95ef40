use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(), snapshot(every = 0, fold = 0, at = 3))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "loan", id = String, error = Infallible, events(AccountOpened), commands(), snapshot(every = 200, every = 300, fold = "two"), snapshot(every = 5))]
struct Loan;

impl Apply<AccountOpened> for Loan {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
