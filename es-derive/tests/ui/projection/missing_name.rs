use es_core::{Event, Project, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Projection)]
#[projection(events(AccountOpened))]
struct Accounts;

impl Project<AccountOpened> for Accounts {
    fn project(&mut self, _: AccountOpened, _: &RecordedEvent) {}
}

fn main() {}
