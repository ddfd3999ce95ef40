use es_core::{Event, Project, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Projection)]
#[projection(nam = "accounts", events(AccountOpened, AccountOpened), events(AccountOpened))]
struct Accounts;

impl Project<AccountOpened> for Accounts {
    fn project(&mut self, _: AccountOpened, _: &RecordedEvent) {}
}

const EVENTS: usize = Accounts::MODEL.events.len();

fn main() {}
