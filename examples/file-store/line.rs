//! The format: each event is a line of JSON.

use es_core::{EventId, EventName, Metadata, NewEvent, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// An event of an append, of which `more` events follow.
#[derive(Serialize, Deserialize)]
pub struct Line {
    pub stream: StreamId,
    id: EventId,
    name: EventName,
    schema_version: u32,
    recorded_at: i64,
    metadata: Metadata,
    payload: Payload,
    pub more: usize,
}

/// Most payloads are text and stay readable; others are kept as numbers.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Payload {
    Text(String),
    Bytes(Vec<u8>),
}

impl Line {
    pub fn new(stream: &StreamId, event: &NewEvent, more: usize) -> Self {
        let NewEvent { id, name, schema_version, recorded_at, metadata, payload } = event.clone();
        let payload =
            String::from_utf8(payload.into()).map_or_else(|error| Payload::Bytes(error.into_bytes()), Payload::Text);
        let (stream, recorded_at) = (stream.clone(), recorded_at.as_micros());
        Self { stream, id, name, schema_version, recorded_at, metadata, payload, more }
    }

    pub fn event(self) -> NewEvent {
        let Self { id, name, schema_version, recorded_at, metadata, payload, .. } = self;
        let payload = match payload {
            Payload::Text(text) => text.into(),
            Payload::Bytes(bytes) => bytes.into(),
        };
        NewEvent { id, name, schema_version, recorded_at: Timestamp::from_micros(recorded_at), metadata, payload }
    }
}
