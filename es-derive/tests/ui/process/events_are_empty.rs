//! Without events, nothing ever reaches a process.

use es_core::{Event, ProcessManager};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Default, ProcessManager)]
#[process(
    name = "shipping",
    id = String,
    events(),
)]
struct Shipping {}

fn main() {}
