//! A key alone does not say what the event is to the process.

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
    events(OrderPlaced(key = event.order.clone())),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
