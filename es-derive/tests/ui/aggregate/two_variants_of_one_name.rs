use std::convert::Infallible;

use es_core::{Aggregate, Apply};

mod account {
    use es_core::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "account-opened")]
    pub struct Opened;
}

mod card {
    use es_core::Event;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
    #[event(name = "card-opened")]
    pub struct Opened;
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "account", id = String, error = Infallible, events(account::Opened, card::Opened), commands())]
struct Account;

impl Apply<account::Opened> for Account {
    fn apply(&mut self, _: account::Opened) {}
}

impl Apply<card::Opened> for Account {
    fn apply(&mut self, _: card::Opened) {}
}

fn main() {}
