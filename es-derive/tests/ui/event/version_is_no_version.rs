use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened", version = 0)]
struct AccountOpened;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-closed", version = "2")]
struct AccountClosed;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-frozen", version = -1)]
struct AccountFrozen;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-thawed", version = 5_000_000_000)]
struct AccountThawed;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-moved", version = 1.5)]
struct AccountMoved;

fn main() {}
