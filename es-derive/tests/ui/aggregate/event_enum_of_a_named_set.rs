use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, EventSet)]
enum Facts {
    Opened(AccountOpened),
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "account", id = String, error = Infallible, commands(),
    event = Facts, event_enum = AccountFact, event_derive(Debug),
)]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
