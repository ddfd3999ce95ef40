//! What generated code calls; no part of the public interface, and free to change in every release.

pub use serde;

use crate::decode_error::DecodeReason;

pub use crate::aggregate::{Aggregate, AggregateEvent, Apply, ApplyTo};
pub use crate::codec::{Codec, CodecError};
pub use crate::command::{Command, Decision, Handle, HandledBy};
pub use crate::decode_error::DecodeError;
pub use crate::envelope::RecordedEvent;
pub use crate::event::{Event, UpcastFrom};
pub use crate::event_set::{EventSet, Events, Includes};
pub use crate::model::{AggregateModel, CommandModel, EventModel, FieldModel, HopModel, ProjectionModel, RuleModel};
pub use crate::name::EventName;
pub use crate::projection::{Project, Projected, Projection};

/// The string type, whatever `String` means where the derive is used.
pub type Text = String;

/// The payload type.
pub type Bytes = Vec<u8>;

/// Decodes the payload of `event` as `T`.
///
/// # Errors
/// The payload does not fit.
#[inline]
pub fn payload<C: Codec, T: serde::de::DeserializeOwned>(codec: &C, event: &RecordedEvent) -> Result<T, DecodeError> {
    match codec.decode(&event.payload) {
        Ok(value) => Ok(value),
        Err(cause) => Err(DecodeError::new(event, DecodeReason::Payload(cause))),
    }
}

/// Decodes the payload of `event` as a shape that the derive has reconstructed.
///
/// # Errors
/// The payload does not fit.
#[inline]
pub fn old_payload<C: Codec, T: serde::de::DeserializeOwned>(
    codec: &C,
    event: &RecordedEvent,
) -> Result<T, DecodeError> {
    const {
        assert!(
            C::SELF_DESCRIBING,
            "upcasts by field need a codec whose payloads name their fields; use `#[upcast(.., from = Old)]`"
        );
    }
    payload(codec, event)
}

/// Encodes `event`.
///
/// # Errors
/// What the codec refuses.
#[inline]
pub fn encode<C: Codec, T: serde::Serialize>(codec: &C, event: &T) -> Result<Bytes, CodecError> {
    codec.encode(event)
}

/// The stored version is newer than the code.
#[cold]
pub fn future_version(event: &RecordedEvent, current: u32) -> DecodeError {
    DecodeError::new(event, DecodeReason::FutureVersion { current })
}

/// The stored name is not in the set.
#[cold]
pub fn unknown_event(event: &RecordedEvent) -> DecodeError {
    DecodeError::new(event, DecodeReason::UnknownEvent)
}

/// One event of [`events!`](crate::events).
#[inline]
pub fn include<S: Includes<E>, E>(event: E) -> S {
    S::from(event)
}

/// Several events of [`events!`](crate::events).
pub fn several<S, const N: usize>(events: [S; N]) -> Events<S> {
    Vec::from(events).into()
}

/// Refuses, at compile time, the entry `at` if an earlier entry of `events` has the same stored name.
///
/// # Panics
/// If so.
#[track_caller]
pub const fn assert_unique_name(events: &[EventModel], at: usize) {
    let mut earlier = 0;
    while earlier < at {
        if same(events[earlier].name, events[at].name) {
            let text = Message::new()
                .push("the stored name `")
                .push(events[at].name)
                .push("` is used by both `")
                .push(events[earlier].type_name)
                .push("` and `")
                .push(events[at].type_name)
                .push("`; give one of them another `#[event(name = \"..\")]`");
            panic!("{}", text.as_str());
        }
        earlier += 1;
    }
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A text that is put together at compile time; what does not fit is left out.
struct Message {
    bytes: [u8; 1024],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    const fn push(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.len + text.len() <= self.bytes.len() {
            let mut i = 0;
            while i < text.len() {
                self.bytes[self.len] = text[i];
                self.len += 1;
                i += 1;
            }
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "two events have the same stored name",
        }
    }
}
