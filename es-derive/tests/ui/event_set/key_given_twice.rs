use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(EventSet)]
#[event_set(crate = ::es_core, crate = es_core)]
enum Facts {
    Opened(AccountOpened),
}

fn main() {}
