use es_core::Command;

#[derive(Debug, thiserror::Error)]
enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
}

#[derive(Command)]
#[require(command.amount > 0 AccountError::NotPositive)]
#[require(command.amount > 0 => AccountError::NotPositive)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
