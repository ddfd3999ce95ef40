use es_core::Command;

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[command(version = 3)]
#[upcast(2 => 3, add(currency = "EUR"))]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
