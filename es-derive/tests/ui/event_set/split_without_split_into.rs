use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-moved")]
struct AccountMoved;

#[derive(EventSet)]
#[event_set(split(AccountMoved))]
enum Facts {
    Opened(AccountOpened),
}

fn main() {}
