use es_core::Command;

#[derive(Debug, thiserror::Error)]
enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
}

#[derive(Debug, thiserror::Error)]
#[error("no currency")]
struct NoCurrency;

#[derive(Command)]
#[require(command.amount > 0, AccountError::NotPositive)]
#[require(command.currency.len() == 3, NoCurrency)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
