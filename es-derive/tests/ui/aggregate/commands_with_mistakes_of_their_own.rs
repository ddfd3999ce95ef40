use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, HandledBy};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, Command)]
#[command(emit = AccountOpened)]
struct OpenAccount;

#[derive(Debug, Clone, Command)]
#[command(emits = AccountOpened { owner })]
struct ReopenAccount;

#[derive(Debug, Clone, Command)]
#[require(state.is_open, Refused)]
struct CloseAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened), commands(OpenAccount, ReopenAccount, CloseAccount))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Handle<CloseAccount> for Account {
    fn handle(&self, _: CloseAccount) -> Decision<Self> {
        OpenAccount.handled_by(self)
    }
}

fn main() {}
