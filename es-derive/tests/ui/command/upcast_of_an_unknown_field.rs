use es_core::Command;

#[derive(Command, serde::Serialize, serde::Deserialize)]
#[command(version = 2)]
#[upcast(1 => 2, rename(sum => amounts))]
struct Deposit {
    amount: u64,
}

fn main() {}
