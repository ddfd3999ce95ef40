use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened<'a> {
    owner: &'a str,
}

fn main() {}
