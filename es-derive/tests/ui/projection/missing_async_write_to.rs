use es_core::{Event, Projection};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}

#[derive(Debug, Projection)]
#[projection(name = "balances", into = async String, error = std::io::Error, events(AccountOpened))]
pub struct Balances;

fn main() {}
