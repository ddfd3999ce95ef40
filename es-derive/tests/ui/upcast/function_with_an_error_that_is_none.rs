use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, with = of_json)]
#[upcast(2 => 3, try_from = MoneyDepositedV2, with = of_result)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
struct MoneyDepositedV2 {
    amount: u64,
}

struct NoError;

fn of_json(old: serde_json::Value) -> Result<serde_json::Value, NoError> {
    Ok(old)
}

fn of_result(old: MoneyDepositedV2) -> Result<MoneyDeposited, NoError> {
    Ok(MoneyDeposited { amount: old.amount, currency: String::new() })
}

fn main() {}
