use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened", version = 2, oldest = 3)]
#[upcast(1 => 2, add(owner))]
struct AccountOpened {
    owner: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-closed", oldest = 0)]
struct AccountClosed;

fn main() {}
