use es_core::Command;

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[upcast(1 => 2, add(currency = "EUR"))]
struct Deposit {
    amount: u64,
    currency: String,
}

fn main() {}
