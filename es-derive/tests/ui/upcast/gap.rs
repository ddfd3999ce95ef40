use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 4)]
#[upcast(1 => 2, rename(amt => sum))]
#[upcast(3 => 4, add(currency = "EUR"))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
