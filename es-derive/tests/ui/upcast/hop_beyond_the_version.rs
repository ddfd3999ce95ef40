use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(amt => amount))]
#[upcast(2 => 3, add(currency = "EUR"))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
