use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, from = Old, try_from = Older)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
