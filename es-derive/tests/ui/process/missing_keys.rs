//! A process manager needs a name, an id and events.

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
    deadlines(PaymentOverdue),
)]
struct Shipping {}

impl React<PaymentOverdue> for Shipping {
    fn react(&self, _: &PaymentOverdue, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
