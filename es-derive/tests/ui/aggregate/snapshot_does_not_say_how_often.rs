use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(), snapshot = 200)]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "loan", id = String, error = Infallible, events(AccountOpened), commands(), snapshot)]
struct Loan;

impl Apply<AccountOpened> for Loan {
    fn apply(&mut self, _: AccountOpened) {}
}

#[derive(Debug, Default, Serialize, Deserialize, Aggregate)]
#[aggregate(name = "card", id = String, error = Infallible, events(AccountOpened), commands(), snapshot(fold = 2))]
struct Card;

impl Apply<AccountOpened> for Card {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
