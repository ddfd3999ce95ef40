//! The file store keeps the contract, also when it is opened again after a crash.

mod contract;
mod damage;
mod page;

use es_core::store::{EventStore, ReadLog};
use es_core::{EventId, EventName, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use crate::store::FileStore;

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    (folder, file)
}

fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

fn event(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number)),
        name: EventName::new(if number.is_multiple_of(2) { "even" } else { "odd" }).unwrap(),
        schema_version: 3,
        recorded_at: Timestamp::from_micros(-5),
        metadata: Metadata::new().with_actor("ada").with_traceparent("00-1-2-03"),
        payload: format!("{{\"number\":{number},\n\"text\":\"ü\"}}").into(),
    }
}

async fn all(store: &FileStore) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::all()).await.unwrap().events
}

fn numbers(events: &[RecordedEvent]) -> Vec<u128> {
    events.iter().map(|event| event.id.as_uuid().as_u128()).collect()
}

es_testkit::store_conformance!(
    conformance,
    [subscribe, durable, any_executor],
    place = || tempfile::tempdir().unwrap(),
    open = async |place: &TempDir| FileStore::open(place.path().join("events.jsonl")).unwrap()
);
