use es_core::Event;
use serde::Serialize;

#[derive(Serialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened {
    owner: String,
}

fn main() {}
