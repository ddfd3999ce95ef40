use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(EventSet)]
#[event_set(retired("account-opened"))]
enum Facts {
    Opened(AccountOpened),
}

fn main() {}
