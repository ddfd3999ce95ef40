use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, rename(amt => amonut))]
#[upcast(2 => 3, add(curency = "EUR"))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
