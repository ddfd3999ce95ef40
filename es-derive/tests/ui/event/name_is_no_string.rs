use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = AccountOpened)]
struct AccountOpened;

#[derive(Serialize, Deserialize, Event)]
#[event(name = 'c')]
struct AccountClosed;

fn main() {}
