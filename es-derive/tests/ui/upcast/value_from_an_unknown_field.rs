use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, add(amount = amt * 100))]
#[upcast(2 => 3, add(currency = code))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
