//! A deadline has a stored name, as an event.

use es_core::{Event, ProcessManager, React};
use es_core::process::{Reaction, Trigger};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

struct PaymentOverdue {}

#[derive(Default, ProcessManager)]
#[process(
    name = "shipping",
    id = String,
    events(OrderPlaced(start, key = event.order.clone())),
    deadlines(PaymentOverdue),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

impl React<PaymentOverdue> for Shipping {
    fn react(&self, _: &PaymentOverdue, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
