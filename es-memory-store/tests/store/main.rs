//! What `MemoryStore` promises beside the contract of all stores, which `conformance.rs` holds it to: exact positions, and
//! reads that are copied in several chunks.

mod appending;
mod chunks;
mod concurrency;
mod limits;
mod pointers;
mod reading;
mod subscribing;
mod waiting;

use es_core::store::{Appended, EventStore, ReadLog};
use es_core::{
    EventName, ExpectedVersion, Metadata, NewEvent, Payload, Position, RecordedEvent, StreamId, Timestamp, Version,
};
use es_memory_store::MemoryStore;

fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

fn v(version: u64) -> Version {
    Version::new(version)
}

fn p(position: u64) -> Position {
    Position::new(position)
}

/// An event whose id and payload are the number.
fn event(number: u64) -> NewEvent {
    NewEvent {
        id: format!("{number:032x}").parse().unwrap(),
        name: EventName::from_static("counted"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: Payload::from(number.to_string()),
    }
}

fn events(numbers: impl IntoIterator<Item = u64>) -> Vec<NewEvent> {
    numbers.into_iter().map(event).collect()
}

fn number(event: &RecordedEvent) -> u64 {
    std::str::from_utf8(&event.payload).unwrap().parse().unwrap()
}

fn numbers(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(number).collect()
}

fn versions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.version.get()).collect()
}

fn positions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position.get()).collect()
}

/// Appends events with these numbers, whatever is there.
async fn put(store: &MemoryStore, text: &str, numbers: impl IntoIterator<Item = u64>) -> Appended {
    store.append(&stream(text), ExpectedVersion::Any, events(numbers)).await.unwrap()
}

async fn whole_log(store: &MemoryStore) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::after(Position::START)).await.unwrap().events
}
