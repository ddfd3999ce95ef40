//! What an append did, or why it did nothing.

use std::error::Error;
use std::sync::Arc;

use super::CheckpointName;
use crate::id::EventId;
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The version of the last event appended; the version of the stream, if the append was empty.
    pub version: Version,
    /// The position of the last event appended; `None` if the append was empty.
    pub position: Option<Position>,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream is not as expected: someone else was faster, or the caller is wrong about it.
    #[error("conflict on stream `{stream}`: expected {expected}, but it is at version {actual}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// What the caller expected.
        expected: ExpectedVersion,
        /// The version that the stream has.
        actual: Version,
    },
    /// More than the store accepts.
    #[error("append to stream `{stream}` refused: {actual} {what}, the limit is {limit}")]
    LimitExceeded {
        /// The stream.
        stream: StreamId,
        /// What there is too much of.
        what: &'static str,
        /// How much was given.
        actual: usize,
        /// How much is accepted.
        limit: usize,
    },
    /// Two events of the append have the same id.
    #[error("append to stream `{stream}` refused: two events have the id {id}")]
    DuplicateEventId {
        /// The stream; the second of them goes to it.
        stream: StreamId,
        /// The id.
        id: EventId,
    },
    /// An event has the id of one that is stored, and the append is not one that was merely sent again. Rule 17.
    #[error(
        "append to stream `{stream}` refused: the event id {id} is stored already, as event {version} of stream `{stored_in}`"
    )]
    EventIdStored {
        /// The stream that the event was to be appended to.
        stream: StreamId,
        /// The first id of the append that is stored already.
        id: EventId,
        /// The stream that has it.
        stored_in: StreamId,
        /// The version of the stored event.
        version: Version,
    },
    /// A projection that is [kept inline](super::InlineAppend) could not take in an event. Rule N2.
    #[error("append refused: the inline projection `{projection}` cannot take in what the log then has")]
    NotProjected {
        /// The name of the read model.
        projection: CheckpointName,
        /// What is wrong, and with which event.
        #[source]
        cause: Arc<dyn Error + Send + Sync>,
    },
    /// The store failed; the events may or may not have been written. Sending them again finds out: rule 16.
    #[error("the store failed to append to stream `{stream}`")]
    Store {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}
