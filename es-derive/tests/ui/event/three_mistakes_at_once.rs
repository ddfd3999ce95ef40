use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(nmae = "account-opened", version = 2)]
#[upcast(2 => 3, add(owner))]
struct AccountOpened {
    owner: String,
}

fn main() {}
