use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened", alias = "", alias = "$opened", alias = opened)]
struct AccountOpened;

fn main() {}
