use std::convert::Infallible;

use es_core::{Aggregate, Apply, Event};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(nam = "opened")]
struct AccountOpened;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "opened", version = 2)]
struct AccountClosed;

mod card {
    use es_core::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "")]
    pub struct AccountOpened;
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(AccountOpened, AccountClosed, CardOpened = card::AccountOpened), commands())]
struct Account;

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {}
}

impl Apply<card::AccountOpened> for Account {
    fn apply(&mut self, _: card::AccountOpened) {}
}

fn main() {}
