use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 4)]
#[upcast(1 => 2, from = Old, as = Older)]
#[upcast(2 => 3, as = Older)]
#[upcast(3 => 4, unchanged, as = Older)]
struct MoneyDeposited {
    amount: u64,
}

#[derive(Deserialize)]
struct Old {}

fn main() {}
