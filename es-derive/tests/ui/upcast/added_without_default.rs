use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Currency;

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, add(currency))]
struct MoneyDeposited {
    amount: u64,
    currency: Currency,
}

fn main() {}
