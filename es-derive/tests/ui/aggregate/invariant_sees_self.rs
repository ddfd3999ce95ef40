use es_core::{Aggregate, Apply, Event};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
#[event(name = "money-withdrawn")]
pub struct MoneyWithdrawn {}

#[derive(Default, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible, events(MoneyWithdrawn), commands(),
)]
#[invariant(self.balance >= 0)]
pub struct Account {
    balance: i64,
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, _: MoneyWithdrawn) {}
}

fn main() {}
