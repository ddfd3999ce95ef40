use es_core::{Command, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Command)]
#[command(emits = MoneyDeposited)]
struct Deposit(u64, String);

fn main() {}
