//! An event says what it is to the process, and which process that is.

use es_core::{Event, ProcessManager, React};
use es_core::process::{Reaction, Trigger};
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
    events(OrderPlaced),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
