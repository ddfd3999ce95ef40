//! The format: one message is one append, a line of JSON and after it the payloads as they were given.
//!
//! The line says of each event everything but its payload, and of the stream what the next append and a reader need to
//! know: how many events came before, the highest event id so far, and where some earlier messages are.

use bytes::Bytes;
use es_core::{EventId, EventName, Fingerprint, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp, Version};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

use crate::error::NatsError;
use crate::milestones::Milestones;
use crate::places;

const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    format: u32,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    /// The version of the first event.
    version: u64,
    /// The highest event id of the stream, those of this append included.
    highest: Uuid,
    #[serde(default, skip_serializing_if = "Milestones::is_empty")]
    milestones: Milestones,
    #[serde(borrow)]
    events: Vec<Line<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    id: Uuid,
    #[serde(borrow)]
    name: Cow<'a, str>,
    schema: u32,
    /// Microseconds since 1970.
    at: i64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    correlation: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    causation: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Fingerprint>,
    /// How long the payload is.
    bytes: usize,
}

/// What the last message of a stream says about the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The sequence of the last message; 0 if there is none.
    pub(crate) sequence: u64,
    /// How many events the stream has.
    pub(crate) version: Version,
    /// The highest of their ids.
    pub(crate) highest: Uuid,
    /// Where some messages are, the last one among them.
    pub(crate) milestones: Milestones,
}

impl Tail {
    /// That of a stream without events.
    pub(crate) fn empty() -> Self {
        Self { sequence: 0, version: Version::EMPTY, highest: Uuid::nil(), milestones: Milestones::default() }
    }

    /// What it is after `events` have been stored as message `sequence`.
    pub(crate) fn after(&self, sequence: u64, events: &[NewEvent]) -> Self {
        let version = self.version.plus(events.len() as u64);
        let milestones = self.milestones.passed(self.version.get() + 1, version.get(), sequence);
        Self { sequence, version, highest: self.highest_with(events), milestones }
    }

    fn highest_with(&self, events: &[NewEvent]) -> Uuid {
        events.iter().map(|event| *event.id.as_uuid()).fold(self.highest, Ord::max)
    }

    /// Whether one of these ids may be stored in the stream; ids above the highest are not.
    pub(crate) fn may_have(&self, ids: impl IntoIterator<Item = EventId>) -> bool {
        self.sequence > 0 && ids.into_iter().any(|id| *id.as_uuid() <= self.highest)
    }
}

/// The message of an append to a stream that ends with `tail`.
pub(crate) fn encode(stream: &StreamId, tail: &Tail, events: &[NewEvent]) -> Bytes {
    let texts: Vec<_> = events.iter().map(|event| MetadataText::of(&event.metadata)).collect();
    let lines = events.iter().zip(&texts).map(|(event, text)| Line {
        id: *event.id.as_uuid(),
        name: Cow::Borrowed(event.name.as_str()),
        schema: event.schema_version,
        at: event.recorded_at.as_micros(),
        correlation: text.correlation.as_deref().map(Cow::Borrowed),
        causation: text.causation.as_deref().map(Cow::Borrowed),
        actor: event.metadata.actor().map(Cow::Borrowed),
        traceparent: event.metadata.traceparent().map(Cow::Borrowed),
        fingerprint: event.metadata.command_fingerprint(),
        bytes: event.payload.len(),
    });
    let head = Head {
        format: FORMAT,
        stream: Cow::Borrowed(stream.as_str()),
        version: tail.version.get() + 1,
        highest: tail.highest_with(events),
        milestones: tail.milestones.clone(),
        events: lines.collect(),
    };
    let payloads: usize = events.iter().map(|event| event.payload.len()).sum();
    let mut text = Vec::with_capacity(payloads + 256 * (events.len() + 1));
    serde_json::to_writer(&mut text, &head).expect("numbers and texts are JSON, and a vector takes them");
    text.push(b'\n');
    for event in events {
        text.extend_from_slice(&event.payload);
    }
    Bytes::from(text)
}

/// The ids of messages are texts only where they are written.
struct MetadataText {
    correlation: Option<String>,
    causation: Option<String>,
}

impl MetadataText {
    fn of(metadata: &Metadata) -> Self {
        let correlation = metadata.correlation_id().map(ToString::to_string);
        Self { correlation, causation: metadata.causation_id().map(ToString::to_string) }
    }
}

/// A stored append.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) sequence: u64,
    /// The version of the first event.
    pub(crate) first: Version,
    pub(crate) events: Vec<RecordedEvent>,
    /// Where some earlier messages of the stream are.
    pub(crate) milestones: Milestones,
    pub(crate) highest: Uuid,
}

impl Commit {
    /// Reads a message; `of` is the JetStream stream that it is from.
    pub(crate) fn decode(of: &str, sequence: u64, message: &Bytes) -> Result<Self, NatsError> {
        let broken = |problem: String| NatsError::Broken { stream: of.to_owned(), sequence, problem };
        let end = message.iter().position(|byte| *byte == b'\n').ok_or_else(|| broken("it has no line feed".into()))?;
        let head: Head<'_> = serde_json::from_slice(&message[..end]).map_err(|error| broken(error.to_string()))?;
        if head.format != FORMAT {
            return Err(broken(format!("its format is {}, this program knows {FORMAT}", head.format)));
        }
        let stream: StreamId = head.stream.parse().map_err(|error| broken(format!("its stream id: {error}")))?;
        let (count, first, mut from) = (head.events.len() as u64, head.version, end + 1);
        if count == 0 || count > places::SLOTS || first == 0 {
            return Err(broken(format!("it holds {count} events from version {first} on")));
        }
        let mut events = Vec::with_capacity(head.events.len());
        for (index, line) in (0..).zip(head.events) {
            let until = from.checked_add(line.bytes).filter(|until| *until <= message.len());
            let until = until.ok_or_else(|| broken("a payload is longer than the message".into()))?;
            let payload = message.slice(from..until);
            from = until;
            let name = EventName::new(&line.name).map_err(|error| broken(format!("the name of an event: {error}")))?;
            let (schema, at) = (line.schema, line.at);
            let event = NewEvent {
                id: EventId::new(line.id),
                name,
                schema_version: schema,
                recorded_at: Timestamp::from_micros(at),
                metadata: line.metadata(),
                payload,
            };
            let position = places::of(sequence, index, count);
            events.push(event.record(stream.clone(), Version::new(first + index), position));
        }
        let first = Version::new(first);
        Ok(Self { sequence, first, events, milestones: head.milestones, highest: head.highest })
    }

    /// The version of the last event.
    pub(crate) fn last(&self) -> Version {
        Version::new(self.first.get() + self.events.len() as u64 - 1)
    }

    /// What it says about the stream if it is the last.
    pub(crate) fn tail(&self) -> Tail {
        let milestones = self.milestones.passed(self.first.get(), self.last().get(), self.sequence);
        Tail { sequence: self.sequence, version: self.last(), highest: self.highest, milestones }
    }
}

impl Line<'_> {
    fn metadata(&self) -> Metadata {
        let metadata = self.correlation.iter().fold(Metadata::new(), |all, id| all.with_correlation_id(&**id));
        let metadata = self.causation.iter().fold(metadata, |all, id| all.with_causation_id(&**id));
        let metadata = self.actor.iter().fold(metadata, |all, actor| all.with_actor(&**actor));
        let metadata = self.traceparent.iter().fold(metadata, |all, parent| all.with_traceparent(&**parent));
        self.fingerprint.into_iter().fold(metadata, Metadata::with_command_fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> EventId {
        EventId::new(Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(number)))
    }

    /// What has been stored stays readable: the file is never changed, a new format has a file of its own.
    #[test]
    fn a_message_of_format_1_is_read_and_written() {
        let message = Bytes::from_static(include_bytes!("../fixtures/append-1"));
        let metadata = Metadata::new().with_correlation_id("c \"1\"").with_causation_id("k-1").with_actor("ada");
        let metadata = metadata.with_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let event = |number, name, schema_version, at| NewEvent {
            id: id(number),
            name: EventName::from_static(name),
            schema_version,
            recorded_at: Timestamp::from_micros(at),
            metadata: Metadata::new(),
            payload: Bytes::new(),
        };
        let deposited = NewEvent {
            metadata,
            payload: "{\"amount\":70}".into(),
            ..event(8, "money-deposited", 3, 1_700_000_000_000_000)
        };
        let events = [deposited, event(9, "account-closed", 1, -1)];
        let stream: StreamId = "account-ada".parse().unwrap();
        let tail = Tail {
            sequence: 20,
            version: Version::new(66),
            highest: *id(3).as_uuid(),
            milestones: Milestones::default().passed(63, 66, 17),
        };

        let commit = Commit::decode("es", 21, &message).unwrap();
        let recorded = events
            .clone()
            .into_iter()
            .zip(0..)
            .map(|(event, index)| event.record(stream.clone(), Version::new(67 + index), places::of(21, index, 2)));
        assert_eq!(commit.events, recorded.collect::<Vec<_>>());
        assert_eq!((commit.first, commit.sequence), (Version::new(67), 21));
        assert_eq!(commit.tail(), tail.after(21, &events));
        assert_eq!(encode(&stream, &tail, &events), message);
    }

    #[test]
    fn what_is_not_of_this_format_is_told() {
        let told = |message: &'static str| {
            let error = Commit::decode("es", 5, &Bytes::from_static(message.as_bytes())).unwrap_err();
            let NatsError::Broken { sequence: 5, problem, .. } = error else { panic!("{error}") };
            problem
        };
        assert_eq!(told("hello"), "it has no line feed");
        let head = "\"stream\":\"a-b\",\"version\":1,\"highest\":\"00000000-0000-7000-8000-000000000000\"";
        let of = |format: u32, events: &str| format!("{{\"format\":{format},{head},\"events\":[{events}]}}\n").leak();
        assert_eq!(told(of(2, "")), "its format is 2, this program knows 1");
        assert_eq!(told(of(1, "")), "it holds 0 events from version 1 on");
        let line = r#"{"id":"00000000-0000-7000-8000-000000000000","name":"x","schema":1,"at":0,"bytes":3}"#;
        assert_eq!(told(of(1, line)), "a payload is longer than the message");
    }
}
