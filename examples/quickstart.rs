//! The program of the README. Run with `cargo run --example quickstart`.

use es_core::{Aggregate, Apply, Command, Event, Repository};
use es_memory_store::MemoryStore;

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
#[event(name = "money-deposited", version = 2)]
#[upcast(1 => 2, rename(amt => amount))] // what was stored as {"amt":100} is read as well
struct MoneyDeposited {
    amount: u64,
}

#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited)] // the handler is generated: fields are carried over
#[require(command.amount > 0, NotPositive)]
struct Deposit {
    amount: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the amount must be positive")]
struct NotPositive;

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = NotPositive, events(MoneyDeposited), commands(Deposit))]
struct Account {
    balance: u64,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += event.amount;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let accounts = Repository::<Account, _>::new(MemoryStore::new());
    accounts.execute("ada", Deposit { amount: 100 }).await?;
    let done = accounts.execute("ada", Deposit { amount: 20 }).await?;
    println!("{} events, balance {}", done.version, accounts.load("ada").await?.state().balance);
    Ok(())
}
