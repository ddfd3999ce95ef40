use es_core::Command;

#[derive(Command)]
#[command(emits = MoneyDeposited)]
struct Deposit<'a> {
    amount: u64,
    currency: &'a str,
}

fn main() {}
