//! Attributes may be empty, end with a comma, or be given in several parts.

use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, events};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened",)]
#[event(version = 2)]
#[upcast(1 => 2, add(owner = "nobody",),)]
struct AccountOpened {
    owner: String,
}

#[derive(Debug, Clone, Command)]
#[command]
struct OpenAccount;

#[derive(Debug, Clone, Command)]
#[command()]
struct CloseAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String)]
#[aggregate(error = Infallible)]
#[aggregate(events(AccountOpened,), commands(OpenAccount, CloseAccount,),)]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<OpenAccount> for Account {
    fn handle(&self, _: OpenAccount) -> Decision<Self> {
        Ok(events![AccountOpened { owner: String::new() }])
    }
}

impl Handle<CloseAccount> for Account {
    fn handle(&self, _: CloseAccount) -> Decision<Self> {
        Ok(events![])
    }
}

fn main() {
    assert_eq!((Account::MODEL.events[0].version, Account::MODEL.commands.len()), (2, 2));
}
