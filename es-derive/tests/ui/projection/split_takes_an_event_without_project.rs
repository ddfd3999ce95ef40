use es_core::{Event, EventSet, Events, Project, Projection, RecordedEvent, SplitInto};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
struct AccountClosed;

#[derive(Debug, EventSet)]
enum Facts {
    Opened(AccountOpened),
}

impl SplitInto<Facts> for AccountClosed {
    fn split(self) -> Events<Facts> {
        Events::none()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-moved")]
struct AccountMoved;

#[derive(Projection)]
#[projection(name = "accounts", events(AccountMoved), split(AccountClosed = Facts(AccountOpened)))]
struct Accounts;

impl Project<AccountMoved> for Accounts {
    fn project(&mut self, _: AccountMoved, _: &RecordedEvent) {}
}

fn main() {}
