//! The port to event stores, and the contract that every store keeps.
//!
//! A store knows bytes, names and versions; it knows no aggregate, no projection and no codec.
//!
//! # Contract
//!
//! Appending
//!
//! 1. The events of one append are stored all or none, next to each other in their stream, in the given order.
//! 2. A stream's versions are 1, 2, 3, … without gaps.
//! 3. If the stream is not as [expected](crate::ExpectedVersion), the append is a [conflict](AppendError::Conflict)
//!    and writes nothing. Of several appends that expect the same version, at most one succeeds.
//! 4. An empty append writes nothing and creates no stream, but what it expects is checked.
//! 5. Two events with one id in an append are refused, and so is what exceeds the store's [limits](Limits), before
//!    anything is written.
//! 6. Ids, names, times, metadata and payloads are kept as they are given.
//!
//! Reading
//!
//! 7. A stream that has no events reads as empty with version 0; reading creates nothing.
//! 8. A stream is read in version order, the log in position order.
//! 9. `after` is exclusive, `up_to` inclusive, and a limit counts the stored events that give something to return.
//! 10. Positions start above 0 and increase in commit order; they may have gaps. The positions of one append are not
//!     interleaved with those of another.
//! 11. A reader that has seen position `p` never later finds a new event at or below `p`.
//! 12. Streams are told apart by their whole id: reading `account-a` shows nothing of `account-ab`.
//! 13. A page holds everything after `after` up to `through`, and advances: while there are events after `after` in the
//!     range, a page with a limit of at least 1 goes further `through` than `after`. It is then empty only if the rest
//!     of the range has nothing to give.
//! 14. A stored event is read as itself; as none or as several events only where it is [upcast](crate::UpcastingStore).
//!     Several stand at its version and its position, all in one page, and versions count stored events.
//! 15. A store that says of a stream that it [reads as appended](EventStore::reads_as_appended) gives back each event
//!     of it with the name, the schema version and the payload that were appended, and each as one event.

mod forward;
mod snapshot;
mod subscribe;

use std::error::Error;

use async_trait::async_trait;

use crate::envelope::{NewEvent, RecordedEvent};
use crate::id::EventId;
use crate::name::EventName;
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

pub use self::snapshot::{Snapshot, SnapshotError, SnapshotStore};
pub use self::subscribe::Subscribe;

/// An append-only store of events.
///
/// The numbered [contract](self) says what an implementation owes.
/// Works as a concrete type and as `Arc<S>`, `Box<dyn EventStore>`, `Arc<dyn EventStore>` and `&S`.
///
/// ```
/// use es_core::store::{AppendError, EventStore, ReadStream};
/// use es_core::{ExpectedVersion, StreamId, Version};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store: Box<dyn EventStore> = Box::new(MemoryStore::new());
/// let stream = StreamId::new("account", "ada")?;
/// let nothing = store.append(&stream, ExpectedVersion::StreamExists, vec![]).await;
/// assert!(matches!(nothing, Err(AppendError::Conflict { actual: Version::EMPTY, .. })));
/// assert!(store.read_stream(&stream, ReadStream::all()).await?.events.is_empty());
/// # Ok(()) }
/// ```
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Appends `events` to `stream` if it is as `expected`. Rules 1 to 6.
    ///
    /// # Errors
    /// See [`AppendError`]; unless it is [`AppendError::Store`], nothing has been written.
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError>;

    /// Reads a part of one stream, forward. Rules 7 to 9, 13 and 14.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError>;

    /// Reads a part of the log of all streams, forward. Rules 8 to 11, 13 and 14.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError>;

    /// What the store accepts.
    fn limits(&self) -> Limits;

    /// Whether the events of this stream are always read as they were appended. Rule 15.
    ///
    /// Who has appended events then need not read them to know what a reader will see.
    /// A store that does not say so is read again, which is never wrong.
    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        let _ = stream;
        false
    }
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The version of the stream afterwards.
    pub version: Version,
    /// The position of the last event appended; `None` if the append was empty.
    pub position: Option<Position>,
}

/// Which events of a stream to read: versions `after < version <= up_to`, at most `limit` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadStream {
    /// Start after this version.
    pub after: Version,
    /// End with this version.
    pub up_to: Version,
    /// At most so many events, as rule 9 counts them.
    pub limit: usize,
}

impl ReadStream {
    /// The whole stream.
    pub const fn all() -> Self {
        Self::after(Version::EMPTY)
    }

    /// What follows `version`.
    pub const fn after(version: Version) -> Self {
        Self { after: version, up_to: Version::MAX, limit: usize::MAX }
    }

    /// Nothing beyond `version`.
    #[must_use]
    pub const fn up_to(self, version: Version) -> Self {
        Self { up_to: version, ..self }
    }

    /// At most `events` events.
    #[must_use]
    pub const fn limit(self, events: usize) -> Self {
        Self { limit: events, ..self }
    }
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamPage {
    /// The events, in version order.
    pub events: Vec<RecordedEvent>,
    /// Everything up to here has been read: continue after it.
    pub through: Version,
    /// The version of the stream when it was read, however much of it was asked for.
    pub version: Version,
}

/// Which events of the log to read: positions `> after`, at most `limit` events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLog {
    /// Start after this position.
    pub after: Position,
    /// At most so many events, as rule 9 counts them.
    pub limit: usize,
}

impl ReadLog {
    /// What follows `position`.
    pub const fn after(position: Position) -> Self {
        Self { after: position, limit: usize::MAX }
    }

    /// At most `events` events.
    #[must_use]
    pub const fn limit(self, events: usize) -> Self {
        Self { limit: events, ..self }
    }
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    /// The events, in position order.
    pub events: Vec<RecordedEvent>,
    /// Everything up to here has been read: continue after it.
    pub through: Position,
    /// The position of the last event of the log when it was read; `START` if the log is empty.
    pub head: Position,
}

/// What a store accepts; more is refused with [`AppendError::LimitExceeded`] before anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one payload.
    pub payload_bytes: usize,
    /// Events of one append.
    pub batch_events: usize,
}

impl Limits {
    /// Checks rule 5 for an append; for implementors of stores.
    ///
    /// # Errors
    /// [`AppendError::LimitExceeded`] or [`AppendError::DuplicateEventId`].
    pub fn check(&self, stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
        let exceeded = |what, actual, limit| AppendError::LimitExceeded { stream: stream.clone(), what, actual, limit };
        if events.len() > self.batch_events {
            return Err(exceeded("events in one append", events.len(), self.batch_events));
        }
        if let Some(large) = events.iter().find(|event| event.payload.len() > self.payload_bytes) {
            return Err(exceeded("bytes in one payload", large.payload.len(), self.payload_bytes));
        }
        if events.len() > 1 {
            let mut ids: Vec<_> = events.iter().map(|event| event.id).collect();
            ids.sort_unstable();
            if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(AppendError::DuplicateEventId { stream: stream.clone(), id: pair[0] });
            }
        }
        Ok(())
    }
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
        /// The stream.
        stream: StreamId,
        /// The id.
        id: EventId,
    },
    /// The store failed; the events may or may not have been written.
    #[error("the store failed to append to stream `{stream}`")]
    Store {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store failed.
    #[error("the store failed to read")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A stored event could not be brought to what it is read as today.
    #[error("event {version} of stream `{stream}` cannot be read: the upcast of `{name}` failed")]
    Upcast {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The stored name of the event.
        name: EventName,
        /// The error of the upcaster.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A stored event is read together with those before it, and the store does not have them all.
    #[error(
        "event {version} of stream `{stream}` cannot be read: `{name}` depends on those before it, of which some after event {seen} are missing"
    )]
    ContextUnavailable {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The stored name of the event.
        name: EventName,
        /// The version up to which the store gave the events of the stream without a gap.
        seen: Version,
    },
}
