use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, change(0: String => 0.parse()?))]
struct MoneyDeposited(u64);

fn main() {}
