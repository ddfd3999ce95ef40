//! All mistakes of an item show in one compile.

use std::convert::Infallible;

use es_core::{Aggregate, Apply, Command, Event, ProcessManager};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-placed")]
struct OrderPlaced {
    order: String,
}

#[derive(Serialize, Deserialize, Event)]
#[event(name = "order-paid")]
struct OrderPaid {
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
    name = "ship-ping",
    id = String,
    events(OrderPlaced(strat, key = event.order.clone()), OrderPaid(continue, key = event.order.clone())),
    commands(SendParcel),
)]
struct Shipping {}

fn main() {}
