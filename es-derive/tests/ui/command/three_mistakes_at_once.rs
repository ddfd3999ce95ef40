use es_core::{Command, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Debug, thiserror::Error)]
enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
}

#[derive(Command)]
#[command(creates, emits = MoneyDeposited { amount, sum, currency })]
#[require(state.is_open, AccountError::NotPositive)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
