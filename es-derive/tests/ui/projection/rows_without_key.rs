use es_core::{Event, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
pub struct AccountOpened {
    pub owner: String,
}
#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", events(AccountOpened(delete)), index(owner), delete_when = row.owner.is_empty())]
pub struct Balance {
    owner: String,
}

impl es_core::Project<AccountOpened> for Balance {
    fn project(&mut self, event: AccountOpened, _: &RecordedEvent) {
        self.owner = event.owner;
    }
}

fn main() {}
