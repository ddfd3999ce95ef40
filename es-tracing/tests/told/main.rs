//! What a subscriber and a recorder hear of the calls of a store.

#[cfg(feature = "metrics")]
mod counted;
mod hearing;
mod spans;

use es_core::{EventId, EventName, Metadata, NewEvent, StreamId, Timestamp};
use uuid::Uuid;

/// A stream whose id is nobody's business.
fn secret() -> StreamId {
    StreamId::new("account", "ada@example.org").unwrap()
}

fn event(number: u128, name: &'static str) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number)),
        name: EventName::from_static(name),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: "{}".into(),
    }
}
