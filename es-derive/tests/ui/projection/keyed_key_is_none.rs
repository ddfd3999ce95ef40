use es_core::{Event, Projection};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-closed")]
pub struct AccountClosed {}

pub struct Opaque;

#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = Opaque, events(AccountClosed(delete)))]
pub struct Balance {}

fn main() {}
