use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, change(amount: String => amount))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
