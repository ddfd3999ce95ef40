use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, add(currency = 7))]
#[upcast(2 => 3, add(amount = "none"))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
