use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, change(amount => 3))]
#[upcast(2 => 3, change(currency: u8))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
