use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(EventSet)]
#[event_set]
enum S0 {
    Opened(AccountOpened),
}

#[derive(EventSet)]
#[event_set()]
enum S1 {
    Opened(AccountOpened),
}

#[derive(EventSet)]
#[event_set = "s"]
enum S2 {
    Opened(AccountOpened),
}

#[derive(EventSet)]
#[event_set(crate)]
enum S3 {
    Opened(AccountOpened),
}

#[derive(EventSet)]
#[event_set(crate = )]
enum S4 {
    Opened(AccountOpened),
}

#[derive(EventSet)]
#[event_set(crate = 3)]
enum S5 {
    Opened(AccountOpened),
}

fn main() {}
