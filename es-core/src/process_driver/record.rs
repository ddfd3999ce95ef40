//! What stands in the stream of a process: two events, whose payloads are JSON.
//!
//! `process-reacted`, version 1: what reached the process, and what it decided about it.
//! `process-dispatched`, version 1: what became of the commands of a reaction; version 2: of those that have been sent.
//! Both are stored forms: what changes here without a new version has to read what is stored.

use std::error::Error;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, CodecError, Json};
use crate::decode_error::{DecodeError, DecodeReason};
use crate::envelope::{NewEvent, Payload, RecordedEvent};
use crate::id::{EventId, MessageId};
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::process::{Effect, JsonText};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// The stored name of a reaction.
pub(super) const REACTED: EventName = EventName::from_static("process-reacted");
/// The stored name of the outcome of a reaction's commands.
pub(super) const DISPATCHED: EventName = EventName::from_static("process-dispatched");
/// The version of both.
const VERSION: u32 = 1;
/// The version of what became of some commands of a reaction, others of which are still to be sent.
const SO_FAR: u32 = 2;

/// What reached a process, and what it decided about it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reacted {
    pub(super) to: Reached,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) effects: Vec<Effect>,
}

/// What reached a process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reached {
    Event(StoredEvent),
    /// A deadline, by the reaction that set it and the place among its effects.
    Deadline {
        reaction: Id,
        effect: usize,
    },
    /// A refused command, by the reaction that sent it and the place among its effects.
    Rejected {
        reaction: Id,
        effect: usize,
        reason: String,
    },
}

/// The id of an event, stored as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Id(pub(super) EventId);

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = <EventId as FromStr>::Err;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// What became of the commands of a reaction, in their order, as far as they have been sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Dispatched {
    pub(super) reaction: Id,
    pub(super) outcomes: Vec<Outcome>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    Accepted,
    Rejected { reason: String },
}

/// An event of the log as it was stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredEvent {
    id: Id,
    /// Which of the parts that a stored event is read as, counted among those of this process.
    #[serde(default, skip_serializing_if = "is_first")]
    part: u32,
    stream: String,
    version: u64,
    position: u64,
    name: String,
    schema_version: u32,
    recorded_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    payload: StoredPayload,
}

/// The payload in the format of the codec: in place if that is JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredPayload {
    Json(JsonText),
    Bytes(Vec<u8>),
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_first(part: &u32) -> bool {
    *part == 0
}

impl StoredEvent {
    pub(super) fn of(event: &RecordedEvent, part: u32) -> Self {
        let RecordedEvent { stream, version, position, id, name, schema_version, recorded_at, metadata, payload } =
            event;
        let payload = match JsonText::parse(payload) {
            // Not a byte may change, in case it is no JSON but only looks like it.
            Ok(json) if json.as_str().as_bytes() == &payload[..] => StoredPayload::Json(json),
            _ => StoredPayload::Bytes(payload.to_vec()),
        };
        Self {
            id: Id(*id),
            part,
            stream: stream.to_string(),
            version: version.get(),
            position: position.get(),
            name: name.to_string(),
            schema_version: *schema_version,
            recorded_at: *recorded_at,
            correlation_id: metadata.correlation_id().map(ToString::to_string),
            causation_id: metadata.causation_id().map(ToString::to_string),
            actor: metadata.actor().map(ToOwned::to_owned),
            traceparent: metadata.traceparent().map(ToOwned::to_owned),
            payload,
        }
    }

    /// The event again; `record` is where it is kept.
    pub(super) fn event(self, record: &RecordedEvent) -> Result<RecordedEvent, DecodeError> {
        let stream = self.stream.parse().map_err(|cause| broken(record, cause))?;
        let name = EventName::new(&self.name).map_err(|cause| broken(record, cause))?;
        let mut metadata = Metadata::new();
        if let Some(id) = self.correlation_id {
            metadata = metadata.with_correlation_id(id);
        }
        if let Some(id) = self.causation_id {
            metadata = metadata.with_causation_id(id);
        }
        if let Some(actor) = self.actor {
            metadata = metadata.with_actor(actor);
        }
        if let Some(traceparent) = self.traceparent {
            metadata = metadata.with_traceparent(traceparent);
        }
        Ok(RecordedEvent {
            stream,
            version: Version::new(self.version),
            position: Position::new(self.position),
            id: self.id.0,
            name,
            schema_version: self.schema_version,
            recorded_at: self.recorded_at,
            metadata,
            payload: match self.payload {
                StoredPayload::Json(json) => json.as_str().as_bytes().to_vec().into(),
                StoredPayload::Bytes(bytes) => bytes.into(),
            },
        })
    }
}

/// The id of the reaction of `process` to an event.
pub(super) fn of_event(process: &StreamId, event: EventId, part: u32) -> EventId {
    EventId::new(MessageId::from(event).derive(&format!("{process}/event/{part}")))
}

/// The id of the reaction to a deadline that was set by `reaction`.
pub(super) fn of_deadline(reaction: EventId, effect: usize) -> EventId {
    EventId::new(MessageId::from(reaction).derive(&format!("deadline/{effect}")))
}

/// The id of the reaction to the refusal of a command that was sent by `reaction`.
pub(super) fn of_rejection(reaction: EventId, effect: usize) -> EventId {
    EventId::new(MessageId::from(reaction).derive(&format!("rejected/{effect}")))
}

/// The id of what became of the commands of `reaction`; another for each outcome, so that none passes for another.
pub(super) fn of_dispatch(reaction: EventId, outcomes: &[Outcome]) -> EventId {
    let letter = |outcome: &Outcome| if *outcome == Outcome::Accepted { 'a' } else { 'r' };
    let outcomes: String = outcomes.iter().map(letter).collect();
    EventId::new(MessageId::from(reaction).derive(&format!("dispatched/{outcomes}")))
}

/// The id of a command that is sent by `reaction`.
pub(super) fn command_id(reaction: EventId, effect: usize) -> MessageId {
    MessageId::from(MessageId::from(reaction).derive(&format!("command/{effect}")))
}

/// One of the two events, to be appended.
pub(super) fn record<T: Serialize>(
    name: EventName,
    id: EventId,
    recorded_at: Timestamp,
    metadata: Metadata,
    value: &T,
) -> Result<NewEvent, CodecError> {
    let payload: Payload = Json.encode(value)?.into();
    Ok(NewEvent { id, name, schema_version: VERSION, recorded_at, metadata, payload })
}

/// The outcomes of a reaction's commands, to be appended; `is_whole` if all of them have been sent.
pub(super) fn record_dispatched(
    recorded_at: Timestamp,
    metadata: Metadata,
    dispatched: &Dispatched,
    is_whole: bool,
) -> Result<NewEvent, CodecError> {
    let id = of_dispatch(dispatched.reaction.0, &dispatched.outcomes);
    let new = record(DISPATCHED, id, recorded_at, metadata, dispatched)?;
    Ok(if is_whole { new } else { NewEvent { schema_version: SO_FAR, ..new } })
}

/// Reads what [`record_dispatched`] has made.
pub(super) fn read_dispatched(event: &RecordedEvent) -> Result<Dispatched, DecodeError> {
    if event.schema_version > SO_FAR {
        return Err(DecodeError::new(event, DecodeReason::FutureVersion { current: SO_FAR }));
    }
    Json.decode(&event.payload).map_err(|cause| DecodeError::new(event, DecodeReason::Payload(cause)))
}

/// Reads what [`record`] has made.
pub(super) fn read<T: DeserializeOwned>(event: &RecordedEvent) -> Result<T, DecodeError> {
    if event.schema_version != VERSION {
        return Err(DecodeError::new(event, DecodeReason::FutureVersion { current: VERSION }));
    }
    Json.decode(&event.payload).map_err(|cause| DecodeError::new(event, DecodeReason::Payload(cause)))
}

/// What stands in `event` cannot have been written by [`record`].
pub(super) fn broken(event: &RecordedEvent, cause: impl Error + Send + Sync + 'static) -> DecodeError {
    DecodeError::new(event, DecodeReason::Payload(CodecError::new(cause)))
}
