use std::convert::Infallible;

use es_core::{Aggregate, Apply, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone)]
struct OpenAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(OpenAccount))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<OpenAccount> for Account {
    fn handle(&self, _: OpenAccount) -> Decision<Self> {
        Ok(events![AccountOpened])
    }
}

fn main() {}
