use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, remove(text: String), add(memo = Some(text), length = text.len()))]
struct MoneyDeposited {
    length: usize,
    memo: Option<String>,
}

fn main() {}
