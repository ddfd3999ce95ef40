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
#[command(emits = MoneyDeposited { amount: state.balance, .. })]
#[require(state.balance > command.amount, AccountError::NotPositive)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
