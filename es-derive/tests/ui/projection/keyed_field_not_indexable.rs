use es_core::{Event, Projection};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
pub struct AccountClosed {}

#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = String, events(AccountClosed(delete)), index(owners))]
pub struct Balance {
    owners: Vec<String>,
}

fn main() {}
