use es_core::Command;

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[command(version = 2)]
#[upcast(1 => 2, add(currency = "EUR"))]
struct Deposit<T> {
    amount: T,
    currency: String,
}

fn main() {}
