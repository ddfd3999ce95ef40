use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
struct AccountClosed;

#[derive(Debug, Clone, Command)]
struct CloseAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(CloseAccount))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<CloseAccount> for Account {
    fn handle(&self, _: CloseAccount) -> Decision<Self> {
        Ok(events![AccountClosed, AccountOpened])
    }
}

fn main() {}
