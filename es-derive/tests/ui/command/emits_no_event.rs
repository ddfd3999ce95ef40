use es_core::Command;

struct MoneyDeposited {
    amount: u64,
    currency: String,
}

#[derive(Command)]
#[command(emits = MoneyDeposited)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
