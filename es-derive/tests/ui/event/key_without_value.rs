use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name)]
struct AccountOpened;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-closed", version)]
struct AccountClosed;

fn main() {}
