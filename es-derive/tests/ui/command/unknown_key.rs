use es_core::Command;

#[derive(Command)]
#[command(emit = MoneyDeposited)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
