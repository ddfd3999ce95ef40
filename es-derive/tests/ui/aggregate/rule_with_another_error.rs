use es_core::{Aggregate, Apply, Command, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct AccountError;

#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct CardError;

#[derive(Debug, Clone, Command)]
#[command(emits = AccountOpened)]
#[require(true, CardError)]
struct OpenAccount;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = AccountError, events(AccountOpened), commands(OpenAccount))]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
