//! Events and stores for tests.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::PathBuf;

use es_core::{EventId, EventName, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp};
use es_sqlite_store::SqliteStore;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

/// The event whose id and payload are this number.
pub(crate) fn event(number: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number.into())),
        name: EventName::from_static("counted"),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(1_700_000_000_000_000),
        metadata: Metadata::new(),
        payload: format!("{{\"number\":{number}}}").into(),
    }
}

/// The numbers that the events were made from.
pub(crate) fn numbers(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| u64::try_from(event.id.as_uuid().as_u128()).unwrap()).collect()
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("bank.db")
}

pub(crate) async fn fresh() -> (TempDir, SqliteStore) {
    let folder = folder();
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    (folder, store)
}
