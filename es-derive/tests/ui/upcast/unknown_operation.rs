use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, delete(memo))]
#[upcast(2 => 3, ad(currency = "EUR"))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

fn main() {}
