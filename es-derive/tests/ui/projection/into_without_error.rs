use es_core::{Event, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}
#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", into = String, events(AccountOpened))]
pub struct Balance {
    owner: String,
}

impl es_core::WriteTo<String, AccountOpened> for Balance {
    fn write(&self, _: &String, _: AccountOpened, _: &RecordedEvent) -> Result<(), std::io::Error> {
        Ok(())
    }
}

fn main() {}
