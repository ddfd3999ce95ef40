use es_core::Command;

#[derive(Debug, thiserror::Error)]
enum AccountError {
    #[error("the amount must be positive")]
    NotPositive,
}

fn not_positive() -> AccountError {
    AccountError::NotPositive
}

#[derive(Command)]
#[require(command.amount > 0, not_positive())]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
