use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(EventSet)]
#[event_set(names)]
enum Facts {
    Opened(AccountOpened),
    Reopened(AccountOpened),
    Closed,
}

const EVENTS: usize = Facts::EVENTS.len();

fn opened() -> Facts {
    AccountOpened.into()
}

fn main() {}
