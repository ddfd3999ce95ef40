use es_core::{Event, ProjectRow, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}

#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = u64, events(AccountOpened(keys = [event.owner])))]
pub struct Balance {
    owner: String,
}

impl ProjectRow<AccountOpened> for Balance {
    fn project(&mut self, _: &u64, event: AccountOpened, _: &RecordedEvent) {
        self.owner = event.owner;
    }
}

fn main() {}
