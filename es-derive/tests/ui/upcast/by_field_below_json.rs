use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, with = convert)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn convert(old: serde_json::Value) -> Result<serde_json::Value, String> {
    Ok(old)
}

fn main() {}
