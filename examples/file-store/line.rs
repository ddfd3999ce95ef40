//! The format: each event is a line of JSON.

use std::error::Error;

use es_core::{EventName, Metadata, NewEvent, StreamId, Timestamp};
use serde::{Deserialize, Serialize};

/// An event of an append, of which `more` events follow.
#[derive(Serialize, Deserialize)]
pub struct Line {
    pub stream: String,
    pub id: String,
    pub name: String,
    pub schema_version: u32,
    pub recorded_at: i64,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub actor: Option<String>,
    pub traceparent: Option<String>,
    pub payload: Payload,
    pub more: usize,
}

/// Most payloads are text and stay readable; others are kept as numbers.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Payload {
    Text(String),
    Bytes(Vec<u8>),
}

impl Line {
    pub fn new(stream: &StreamId, event: &NewEvent, more: usize) -> Self {
        let metadata = &event.metadata;
        let text = std::str::from_utf8(&event.payload).map(|text| Payload::Text(text.to_owned()));
        Self {
            stream: stream.to_string(),
            id: event.id.to_string(),
            name: event.name.to_string(),
            schema_version: event.schema_version,
            recorded_at: event.recorded_at.as_micros(),
            correlation_id: metadata.correlation_id().map(ToString::to_string),
            causation_id: metadata.causation_id().map(ToString::to_string),
            actor: metadata.actor().map(ToString::to_string),
            traceparent: metadata.traceparent().map(ToString::to_string),
            payload: text.unwrap_or_else(|_| Payload::Bytes(event.payload.to_vec())),
            more,
        }
    }

    pub fn parse(self) -> Result<(StreamId, NewEvent), Box<dyn Error + Send + Sync>> {
        let metadata = self.correlation_id.into_iter().fold(Metadata::new(), Metadata::with_correlation_id);
        let metadata = self.causation_id.into_iter().fold(metadata, Metadata::with_causation_id);
        let metadata = self.actor.into_iter().fold(metadata, Metadata::with_actor);
        let event = NewEvent {
            id: self.id.parse()?,
            name: EventName::new(&self.name)?,
            schema_version: self.schema_version,
            recorded_at: Timestamp::from_micros(self.recorded_at),
            metadata: self.traceparent.into_iter().fold(metadata, Metadata::with_traceparent),
            payload: match self.payload {
                Payload::Text(text) => text.into(),
                Payload::Bytes(bytes) => bytes.into(),
            },
        };
        Ok((self.stream.parse()?, event))
    }
}
