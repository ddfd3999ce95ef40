use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(amt => amount), change(amount: String => amount.parse()?))]
struct MoneyDeposited {
    amount: u64,
}

fn main() {}
