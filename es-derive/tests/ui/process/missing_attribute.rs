//! A process manager says what it reacts to.

use es_core::{Event, ProcessManager};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Default, ProcessManager)]
struct Shipping {}

fn main() {}
