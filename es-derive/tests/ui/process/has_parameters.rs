//! The stored name stands for one type.

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
    events(OrderPlaced(start, key = event.order.clone())),
)]
struct Shipping<'a, T> {
    things: &'a [T],
}

fn main() {}
