use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event, Default)]
#[serde(default)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, add(currency))]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(transparent)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(value => amount))]
struct Counted {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(tag = "kind")]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(value => amount))]
struct Tagged {
    amount: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[serde(from = "u64", into = "u64")]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(value => amount))]
#[derive(Clone)]
struct Converted {
    amount: u64,
}

impl From<u64> for Converted {
    fn from(amount: u64) -> Self {
        Self { amount }
    }
}

impl From<Converted> for u64 {
    fn from(converted: Converted) -> Self {
        converted.amount
    }
}

fn main() {}
