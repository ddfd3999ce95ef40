use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-changed")]
enum AccountChanged {
    Opened,
    Closed,
}

fn main() {}
