//! A command goes to an aggregate.

use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Event, ProcessManager, React};
use es_core::process::{Reaction, Trigger};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "parcel-sent")]
struct ParcelSent {}

#[derive(Debug, Clone, Serialize, Deserialize, Command)]
#[command(emits = ParcelSent)]
struct SendParcel {}

#[derive(Default, Aggregate)]
#[aggregate(name = "parcel", id = String, error = Infallible, events(ParcelSent), commands(SendParcel))]
struct Parcel {}

impl Apply<ParcelSent> for Parcel {
    fn apply(&mut self, _: ParcelSent) {}
}

#[derive(Default, ProcessManager)]
#[process(
    name = "shipping",
    id = String,
    events(OrderPlaced(start, key = event.order.clone())),
    commands(SendParcel),
)]
struct Shipping {}

impl React<OrderPlaced> for Shipping {
    fn react(&self, _: &OrderPlaced, _: &Trigger) -> Reaction<Self> {
        Reaction::none()
    }
}

fn main() {}
