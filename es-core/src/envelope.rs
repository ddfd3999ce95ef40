//! Events as stores see them: opaque bytes with a name, going in and coming out.

use std::fmt;

use bytes::Bytes;

use crate::id::EventId;
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// The encoded event: bytes that a store keeps and gives back as they are.
///
/// Cloning and slicing copy no bytes.
pub type Payload = Bytes;

/// An event on its way into a store.
///
/// ```
/// use es_core::{EventId, EventName, Metadata, NewEvent, Timestamp};
///
/// let event = NewEvent {
///     id: EventId::new(uuid::Uuid::from_u128(1)),
///     name: EventName::from_static("money-deposited"),
///     schema_version: 3,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     metadata: Metadata::new().with_actor("ada"),
///     payload: br#"{"amount":100,"currency":"EUR"}"#[..].into(),
/// };
/// # let _ = event;
/// ```
#[derive(Clone, PartialEq)]
pub struct NewEvent {
    /// Unique in the store.
    pub id: EventId,
    /// The stored name of its type.
    pub name: EventName,
    /// Which shape of that type the payload has; counted from 1.
    pub schema_version: u32,
    /// When it happened; kept verbatim.
    pub recorded_at: Timestamp,
    /// Its circumstances.
    pub metadata: Metadata,
    /// The encoded event.
    pub payload: Payload,
}

/// An event as it was recorded; never changed again.
#[derive(Clone, PartialEq)]
pub struct RecordedEvent {
    /// The stream it was appended to.
    pub stream: StreamId,
    /// Its place in the stream; the first event has version 1.
    pub version: Version,
    /// Its place in the global log.
    pub position: Position,
    /// Unique in the store.
    pub id: EventId,
    /// The stored name of its type.
    pub name: EventName,
    /// Which shape of that type the payload has; counted from 1.
    pub schema_version: u32,
    /// When it happened.
    pub recorded_at: Timestamp,
    /// Its circumstances.
    pub metadata: Metadata,
    /// The encoded event.
    pub payload: Payload,
}

impl NewEvent {
    /// The event as it is recorded at that place; for implementors of stores.
    pub fn record(self, stream: StreamId, version: Version, position: Position) -> RecordedEvent {
        let Self { id, name, schema_version, recorded_at, metadata, payload } = self;
        RecordedEvent { stream, version, position, id, name, schema_version, recorded_at, metadata, payload }
    }
}

/// The event without its place.
impl From<RecordedEvent> for NewEvent {
    fn from(event: RecordedEvent) -> Self {
        let RecordedEvent { id, name, schema_version, recorded_at, metadata, payload, .. } = event;
        Self { id, name, schema_version, recorded_at, metadata, payload }
    }
}

impl RecordedEvent {
    /// The metadata of what is done because of this event: same correlation, actor and trace; caused by the event.
    ///
    /// An event without a correlation id is the first of its chain.
    ///
    /// ```
    /// # use es_core::RecordedEvent;
    /// fn react(event: &RecordedEvent) {
    ///     let metadata = event.follow_up();
    ///     assert_eq!(metadata.actor(), event.metadata.actor());
    ///     assert_eq!(metadata.causation_id(), Some(&event.id.into()));
    /// }
    /// ```
    pub fn follow_up(&self) -> Metadata {
        let correlation = self.metadata.correlation_id().cloned().unwrap_or_else(|| self.id.into());
        self.metadata.passed_on().with_causation_id(self.id).with_correlation_id(correlation)
    }
}

/// A payload in `Debug` output: text as text, other bytes by their number.
struct Shown<'a>(&'a Payload);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) if text.len() <= 200 => f.write_str(text),
            _ => write!(f, "<{} bytes>", self.0.len()),
        }
    }
}

impl fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEvent")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("schema_version", &self.schema_version)
            .field("recorded_at", &self.recorded_at)
            .field("metadata", &self.metadata)
            .field("payload", &Shown(&self.payload))
            .finish()
    }
}

impl fmt::Debug for RecordedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedEvent")
            .field("stream", &self.stream)
            .field("version", &self.version)
            .field("position", &self.position)
            .field("id", &self.id)
            .field("name", &self.name)
            .field("schema_version", &self.schema_version)
            .field("recorded_at", &self.recorded_at)
            .field("metadata", &self.metadata)
            .field("payload", &Shown(&self.payload))
            .finish()
    }
}
