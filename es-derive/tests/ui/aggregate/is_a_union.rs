use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands())]
union Account {
    a: u8,
    b: i8,
}

impl Default for Account {
    fn default() -> Self {
        Self { a: 0 }
    }
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
