use es_core::Command;

#[derive(Command)]
#[command(alias = "Deposit", name = "")]
struct Deposit {
    amount: u64,
}

fn main() {}
