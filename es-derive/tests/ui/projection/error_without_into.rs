use es_core::{Event, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}
#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", error = std::io::Error, events(AccountOpened))]
pub struct Balance {
    owner: String,
}

impl es_core::Project<AccountOpened> for Balance {
    fn project(&mut self, event: AccountOpened, _: &RecordedEvent) {
        self.owner = event.owner;
    }
}

fn main() {}
