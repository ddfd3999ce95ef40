//! Upcasts across the events of a stream: what they are read as, wherever a read starts and whoever reads.

mod cost;
mod driving;
mod filtering;
mod parcel;
mod reading;
mod refusing;
mod wrappers;

use es_core::store::EventStore;
use es_core::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, RecordedEvent, StreamId, Timestamp, Version,
};
use es_memory_store::MemoryStore;
use serde_json::{Value, json};

fn parcel(id: &str) -> StreamId {
    StreamId::new("parcel", id).unwrap()
}

fn v(version: u64) -> Version {
    Version::new(version)
}

fn p(position: u64) -> Position {
    Position::new(position)
}

/// What was stored of a parcel over the years, and what each event is read as.
fn history() -> Vec<(&'static str, Value, Vec<String>)> {
    let moved =
        |from: &str, to: &str, grams| format!("parcel-moved 1 {}", json!({"from": from, "to": to, "grams": grams}));
    let measured = |grams, litres| format!("parcel-measured 1 {}", json!({"grams": grams, "size": litres}));
    let itself = |name: &str, payload: &Value| vec![format!("{name} 1 {payload}")];
    let (bern, first) = (json!({"depot": "Bern"}), json!({"text": "fragile"}));
    vec![
        ("parcel-registered", bern.clone(), itself("parcel-registered", &bern)),
        ("parcel-weighed", json!({"grams": 500}), vec![]),
        ("parcel-noted", first.clone(), itself("parcel-noted", &first)),
        ("parcel-sized", json!({"litres": 3}), vec![measured(500, 3)]),
        ("parcel-forwarded", json!({"to": "Basel"}), vec![moved("Bern", "Basel", 500)]),
        ("parcel-scanned", json!({"at": "Basel"}), vec![]),
        ("parcel-scanned", json!({"at": "Zug"}), vec![moved("Basel", "Zug", 500)]),
        ("parcel-scanned", json!({"at": "Zug"}), vec![]),
        ("parcel-weighed", json!({"grams": 600}), vec![]),
        ("parcel-sized", json!({"litres": 4}), vec![measured(600, 4)]),
        (
            "parcel-returned",
            json!({}),
            vec![moved("Zug", "Bern", 600), format!("parcel-noted 1 {}", json!({"text": "returned"}))],
        ),
        ("parcel-scanned", json!({"at": "Bern"}), vec![]),
        ("parcel-weighed", json!({"grams": 700}), vec![]),
    ]
}

fn event(number: u64, name: &str, payload: &Value) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(number.into())),
        name: EventName::new(name).unwrap(),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(i64::try_from(number).unwrap() * 10),
        metadata: Metadata::new().with_actor(format!("actor {number}")),
        payload: payload.to_string().into(),
    }
}

/// The history of several parcels, event by event in turn; event 1 of all, then event 2 of all, and so on.
///
/// What is in the log by then is numbered from 1, which is each event's id and tenth of its time.
async fn stored(parcels: &[&str]) -> MemoryStore {
    let store = MemoryStore::new();
    let mut number = 0;
    for (name, payload, _) in history() {
        for id in parcels {
            number += 1;
            store.append(&parcel(id), ExpectedVersion::Any, vec![event(number, name, &payload)]).await.unwrap();
        }
    }
    store
}

/// The stored name, the version of its shape and the payload; and where it stands.
fn shown(event: &RecordedEvent) -> (u64, u64, String) {
    let payload = std::str::from_utf8(&event.payload).unwrap();
    (event.version.get(), event.position.get(), format!("{} {} {payload}", event.name, event.schema_version))
}

/// What a parcel's stream is read as, where it is the only one in the log.
fn expected() -> Vec<(u64, u64, String)> {
    let place = |(number, (_, _, read_as)): (u64, (_, _, Vec<String>))| {
        read_as.into_iter().map(move |text| (number, number, text))
    };
    (1..).zip(history()).flat_map(place).collect()
}
