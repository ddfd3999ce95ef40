use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, unchanged, add(amount))]
#[upcast(2 => 3, unchanged = true)]
struct MoneyDeposited {
    amount: u64,
}

fn main() {}
