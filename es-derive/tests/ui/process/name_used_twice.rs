//! Two deadlines cannot have one stored name.

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

#[derive(Serialize, Deserialize, Event)]
#[event(name = "payment-overdue")]
struct ParcelLost {}

#[derive(Default, ProcessManager)]
#[process(
    name = "shipping",
    id = String,
    events(OrderPlaced(start, key = event.order.clone())),
    deadlines(PaymentOverdue, ParcelLost),
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

impl React<ParcelLost> for Shipping {
    fn react(&self, _: &ParcelLost, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
