use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, from = MoneyDepositedV2)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Deserialize)]
struct MoneyDepositedV2 {
    amount: u64,
}

impl From<MoneyDepositedV2> for MoneyDeposited {
    fn from(old: MoneyDepositedV2) -> Self {
        Self { amount: old.amount, currency: String::new() }
    }
}

fn main() {}
