use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, add(memo = Some(currency)))]
struct MoneyDeposited {
    currency: String,
    memo: Option<String>,
}

fn main() {}
