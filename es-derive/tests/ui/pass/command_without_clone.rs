//! A command need not be `Clone` to be decided, only to be executed.

use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Event, HandledBy};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Command)]
#[command(emits = AccountOpened)]
struct OpenAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "account", id = String, error = Infallible, events(AccountOpened),
    commands(OpenAccount), command_derive(),
)]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {
    let Ok(events) = AccountCommand::from(OpenAccount).handled_by(&Account);
    assert_eq!(events.len(), 1);
}
