//! One rule that shows the type of its error is enough for all.

use es_core::{Aggregate, Apply, Command, Event, HandledBy};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
enum AccountError {
    #[error("{0} is too little")]
    TooLittle(u64),
    #[error("too much")]
    TooMuch,
}

fn too_little(amount: u64) -> AccountError {
    AccountError::TooLittle(amount)
}

#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited)]
#[require(command.amount > 0, too_little(command.amount))]
#[require(command.amount < 9, AccountError::TooMuch)]
struct Deposit {
    amount: u64,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = AccountError, events(MoneyDeposited), commands(Deposit))]
struct Account;

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, _: MoneyDeposited) {}
}

fn main() {
    assert_eq!(Deposit { amount: 0 }.handled_by(&Account), Err(AccountError::TooLittle(0)));
    assert_eq!(Deposit { amount: 9 }.handled_by(&Account), Err(AccountError::TooMuch));
}
