use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event, Events, SplitInto};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-moved")]
struct AccountMoved;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(), split(AccountMoved, AccountMoved))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl SplitInto<AccountEvent> for AccountMoved {
    fn split(self) -> Events<AccountEvent> {
        Events::none()
    }
}

fn main() {}
