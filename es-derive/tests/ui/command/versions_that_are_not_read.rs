use es_core::Command;

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[command(version = 2, oldest = 2)]
#[upcast(1 => 2, add(currency = "EUR"))]
struct Deposit {
    amount: u64,
    currency: String,
}

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[command(version = 1, oldest = 2)]
struct Withdraw {
    amount: u64,
}

fn main() {}
