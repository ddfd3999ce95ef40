//! A slip is told from another word.

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
    events(OrderPlaced(strat, key = event.order.clone())),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
