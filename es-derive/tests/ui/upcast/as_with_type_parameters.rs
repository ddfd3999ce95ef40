use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, add(amount), as = MoneyDepositedV1)]
struct MoneyDeposited<T> {
    amount: u64,
    memo: T,
}

fn main() {}
