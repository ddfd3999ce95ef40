use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, add = currency)]
#[upcast(2 => 3, rename amt => amount)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
