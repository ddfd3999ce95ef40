//! An order: events that have changed in every way, and what was stored of each version.

use es_core::{
    Aggregate, Apply, DecodeError, Event, EventData, EventId, EventName, EventSet, Events, Json, Metadata, Position,
    RecordedEvent, SplitInto, StreamId, Timestamp, Version, events,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Somebody bought something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-placed", version = 4, alias = "order-made")]
#[upcast(1 => 2, rename(who => customer), remove(shop: u8))]
#[upcast(2 => 3, change(line_items: Vec<String> => line_items.into_iter().map(|name| (name, 1)).collect()))]
#[upcast(3 => 4, add(payment = Payment::Cash))]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderPlaced {
    /// Who.
    #[serde(rename = "cust")]
    customer: String,
    /// What, and how many of it.
    line_items: Vec<(String, u32)>,
    payment: Payment,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
#[serde(tag = "by")]
enum Payment {
    Cash,
    Card { last_digits: [u8; 4] },
}

/// Typed, from a struct that tells its shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-sent", version = 2)]
#[upcast(1 => 2, from = SentV1)]
struct OrderSent(u64);

#[derive(Deserialize, EventData)]
struct SentV1 {
    parcel: u64,
}

impl From<SentV1> for OrderSent {
    fn from(old: SentV1) -> Self {
        Self(old.parcel)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-noted", version = 2)]
#[upcast(1 => 2, with = unwrapped)]
#[serde(deny_unknown_fields)]
struct OrderNoted {
    note: String,
}

fn unwrapped(mut old: Value) -> Result<Value, &'static str> {
    Ok(json!({ "note": old.get_mut("text").ok_or("no text")?.take() }))
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "order-moved")]
struct OrderMoved {
    from: String,
    to: String,
}

impl SplitInto<OrderEvent> for OrderMoved {
    fn split(self) -> Events<OrderEvent> {
        events![OrderNoted { note: format!("from {} to {}", self.from, self.to) }]
    }
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "order", id = String, error = std::convert::Infallible,
    events(OrderPlaced, OrderSent, OrderNoted), split(OrderMoved), retired("order-printed"), commands(),
)]
pub(crate) struct Order;

macro_rules! ignored {
    ($($event:ty),+) => {$(
        impl Apply<$event> for Order {
            fn apply(&mut self, _: $event) {}
        }
    )+};
}
ignored!(OrderPlaced, OrderSent, OrderNoted);

/// Name, version, and what was stored.
pub(crate) fn payloads() -> Vec<(&'static str, u32, Value)> {
    let card = json!({ "by": "Card", "last_digits": [1, 2, 3, 4] });
    vec![
        ("order-placed", 1, json!({ "who": "Ada", "shop": 1, "lineItems": ["tea"] })),
        ("order-placed", 2, json!({ "cust": "Ada", "lineItems": ["tea"] })),
        ("order-placed", 3, json!({ "cust": "Ada", "lineItems": [["tea", 2]] })),
        ("order-placed", 4, json!({ "cust": "Ada", "lineItems": [["tea", 2]], "payment": card })),
        ("order-placed", 4, json!({ "cust": "Ada", "lineItems": [], "payment": { "by": "Cash" } })),
        ("order-sent", 1, json!({ "parcel": 5 })),
        ("order-sent", 2, json!(5)),
        ("order-noted", 1, json!({ "text": "hello" })),
        ("order-noted", 2, json!({ "note": "hello" })),
        ("order-moved", 1, json!({ "from": "Rome", "to": "Oslo" })),
    ]
}

/// What the event of today says.
pub(crate) fn read(name: &str, schema_version: u32, payload: &Value) -> Result<Events<OrderEvent>, DecodeError> {
    let recorded = RecordedEvent {
        stream: StreamId::new("order", "1").unwrap(),
        version: Version::new(1),
        position: Position::new(1),
        id: EventId::new(uuid::Uuid::from_u128(1)),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::from_micros(1),
        metadata: Metadata::new(),
        payload: payload.to_string().into(),
    };
    OrderEvent::decode(&Json, &recorded)
}
