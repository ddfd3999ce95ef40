//! Events and stores for tests.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::atomic::{AtomicU32, Ordering};

use es_core::{EventId, EventName, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp};
use es_nats_store::NatsStore;
use test_servers::Nats;
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

/// A name that no other test of this process has.
pub(crate) fn name() -> String {
    static NAMES: AtomicU32 = AtomicU32::new(0);
    format!("test{}", NAMES.fetch_add(1, Ordering::Relaxed))
}

/// A store of its own on the server that all tests share; `None` if there is no server.
pub(crate) async fn fresh() -> Option<NatsStore> {
    let server = Nats::shared()?;
    Some(NatsStore::options().name(name()).connect(&server.url()).await.unwrap())
}
