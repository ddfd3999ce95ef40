use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3)]
#[upcast(1 => 2, remove(memo), change(sum: u32 => amt = sum.to_string()))]
#[upcast(2 => 3, change(amt: String => amuont = amt.parse()?))]
struct MoneyDeposited {
    amount: u64,
}

fn main() {}
