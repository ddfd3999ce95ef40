use es_core::Command;

#[derive(Command)]
#[command(create = true)]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
