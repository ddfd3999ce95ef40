use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, try_from = MoneyDepositedV1)]
#[upcast(2 => 3, try_from = MoneyDepositedV2)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
struct MoneyDepositedV1 {
    amount: u64,
}

#[derive(Deserialize)]
struct MoneyDepositedV2 {
    amount: u64,
}

fn main() {}
