//! A process manager needs a name, an id and events.

use es_core::{Event, ProcessManager};
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

fn main() {}
