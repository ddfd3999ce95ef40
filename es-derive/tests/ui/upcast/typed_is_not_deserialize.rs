use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, from = MoneyDepositedV1)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

struct MoneyDepositedV1 {
    amount: u64,
}

impl From<MoneyDepositedV1> for MoneyDeposited {
    fn from(old: MoneyDepositedV1) -> Self {
        Self { amount: old.amount, currency: String::new() }
    }
}

fn main() {}
