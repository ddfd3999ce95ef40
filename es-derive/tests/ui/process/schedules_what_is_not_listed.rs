//! A process schedules what it lists.

use es_core::{Event, ProcessManager, React};
use es_core::process::{Reaction, Trigger};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "payment-overdue")]
struct PaymentOverdue {}

#[derive(Default, ProcessManager)]
#[process(
    name = "shipping",
    id = String,
    events(OrderPlaced(start, key = event.order.clone())),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, trigger: &Trigger) -> Reaction<Self> {
        Reaction::new().schedule(PaymentOverdue {}, trigger.at)
    }
}

fn main() {}
