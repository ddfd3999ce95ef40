use es_core::{Event, Project, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountClosed;

#[derive(Projection)]
#[projection(name = "accounts", events(AccountOpened, AccountClosed))]
struct Accounts;

impl Project<AccountOpened> for Accounts {
    fn project(&mut self, _: AccountOpened, _: &RecordedEvent) {}
}

impl Project<AccountClosed> for Accounts {
    fn project(&mut self, _: AccountClosed, _: &RecordedEvent) {}
}

fn main() {}
