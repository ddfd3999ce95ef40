use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 4)]
#[upcast(1 => 2, from = Old, add(currency = "EUR"))]
#[upcast(2 => 3, try_from = Older, add(currency))]
#[upcast(3 => 4, rename(amt => amount), with = convert)]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
