use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened", versoin = 2, policy = "none")]
#[upcast(1 => 2, add(owner))]
struct AccountOpened {
    owner: String,
}

fn main() {}
