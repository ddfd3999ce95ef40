//! Events that are numbers, so that what is read says at once what is missing, and the short forms of other numbers.

use es_core::store::{Appended, EventStore};
use es_core::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, Payload, Position, RecordedEvent, StreamId, Timestamp,
    Version,
};
use uuid::Uuid;

use super::rules::broken;
use super::subject::works;

pub(super) fn event_id(salt: u64, number: u64) -> EventId {
    EventId::new(Uuid::from_u64_pair(salt, number))
}

pub(super) fn event(salt: u64, number: u64) -> NewEvent {
    NewEvent {
        id: event_id(salt, number),
        name: EventName::from_static("counted"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: Payload::from(number.to_string()),
    }
}

pub(super) async fn put(
    store: &dyn EventStore,
    salt: u64,
    stream: &StreamId,
    numbers: impl IntoIterator<Item = u64>,
) -> Appended {
    let events = numbers.into_iter().map(|number| event(salt, number)).collect();
    works(store.append(stream, ExpectedVersion::Any, events).await, "an append that expects nothing")
}

/// The number of an event; what is no number breaks rule 6.
pub(super) fn number(event: &RecordedEvent) -> u64 {
    let text = std::str::from_utf8(&event.payload).ok().and_then(|text| text.parse().ok());
    text.unwrap_or_else(|| broken(6, &format!("the payload of a number is {:?}", event.payload)))
}

pub(super) fn numbers(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(number).collect()
}

pub(super) fn versions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.version.get()).collect()
}

pub(super) fn positions(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| event.position.get()).collect()
}

pub(super) fn v(version: u64) -> Version {
    Version::new(version)
}

pub(super) fn p(position: u64) -> Position {
    Position::new(position)
}
