use es_core::Event;
use serde::{Deserialize, Serialize};

#[derive(Default)]
struct Local(std::rc::Rc<u8>);

#[derive(Serialize, Deserialize, Event)]
#[event(name = "account-opened")]
struct AccountOpened {
    #[serde(skip)]
    owner: Local,
}

fn main() {}
