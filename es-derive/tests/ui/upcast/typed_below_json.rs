use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, from = MoneyDepositedV1)]
#[upcast(2 => 3, with = convert)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn convert(old: serde_json::Value) -> Result<serde_json::Value, String> {
    Ok(old)
}

#[derive(Deserialize)]
struct MoneyDepositedV1 {
    amount: u64,
}

fn main() {}
