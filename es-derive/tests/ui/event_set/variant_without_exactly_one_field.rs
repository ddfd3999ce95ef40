use es_core::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened;

#[derive(EventSet)]
enum Facts {
    Opened(AccountOpened),
    Closed,
    Moved { to: AccountOpened },
    Merged(AccountOpened, AccountOpened),
}

fn main() {}
