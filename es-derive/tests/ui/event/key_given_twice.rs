use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened", name = "opened")]
#[event(version = 1)]
#[event(version = 1)]
struct AccountOpened;

fn main() {}
