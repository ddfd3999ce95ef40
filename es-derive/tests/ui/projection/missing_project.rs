use es_core::{Event, Project, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
struct AccountClosed;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-frozen")]
struct AccountFrozen;

#[derive(Projection)]
#[projection(name = "accounts", events(AccountOpened, AccountClosed, AccountFrozen))]
struct Accounts;

impl Project<AccountOpened> for Accounts {
    fn project(&mut self, _: AccountOpened, _: &RecordedEvent) {}
}

fn main() {}
