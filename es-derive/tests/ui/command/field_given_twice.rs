use es_core::{Command, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Command)]
#[command(emits = MoneyDeposited { amount, currency, amount: 3 })]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
