use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 4)]
#[upcast(1 => 2, with = of_json)]
#[upcast(2 => 3, from = MoneyDepositedV2, with = of_type)]
#[upcast(3 => 4, try_from = MoneyDepositedV3, with = of_result)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
struct MoneyDepositedV2 {
    amount: u64,
}

#[derive(Deserialize)]
struct MoneyDepositedV3 {
    amount: u64,
}

fn of_json(old: String) -> Result<serde_json::Value, String> {
    Ok(old.into())
}

fn of_type(old: &MoneyDepositedV2) -> MoneyDepositedV3 {
    MoneyDepositedV3 { amount: old.amount }
}

fn of_result(old: MoneyDepositedV3) -> MoneyDeposited {
    MoneyDeposited { amount: old.amount, currency: String::new() }
}

fn main() {}
