//! The capability to append to several streams at once.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use super::{AppendError, EventStore, Limits};
use crate::envelope::NewEvent;
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// A store that appends to several streams all or nothing.
///
/// ```
/// # use es_core::{EventId, EventName, Metadata, NewEvent, Timestamp};
/// use es_core::store::{MultiAppend, MultiAppendError, MultiStreamAppend};
/// use es_core::{ExpectedVersion, StreamId, Version};
/// use es_memory_store::MemoryStore;
///
/// # fn event(number: u128, name: &'static str) -> NewEvent {
/// #     let (id, name) = (EventId::new(uuid::Uuid::from_u128(number)), EventName::from_static(name));
/// #     let (recorded_at, metadata) = (Timestamp::UNIX_EPOCH, Metadata::new());
/// #     NewEvent { id, name, schema_version: 1, recorded_at, metadata, payload: "{}".into() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (withdrawn, deposited) = (event(1, "money-withdrawn"), event(2, "money-deposited"));
/// let store = MemoryStore::new();
/// let (ada, bob) = (StreamId::new("account", "ada")?, StreamId::new("account", "bob")?);
/// let holidays = StreamId::new("calendar", "holidays")?;
/// let transfer = MultiAppend::new()
///     .append(&ada, ExpectedVersion::NoStream, vec![withdrawn])
///     .append(&bob, ExpectedVersion::NoStream, vec![deposited])
///     .check(&holidays, ExpectedVersion::NoStream);
/// let done = store.append_multi(transfer.clone()).await?;
/// assert_eq!(done.streams[1].version, Version::new(1));
///
/// // Sent again, it does nothing and says the same.
/// assert_eq!(store.append_multi(transfer).await?, done);
/// # Ok(()) }
/// ```
#[async_trait]
pub trait MultiStreamAppend: EventStore {
    /// Appends to several streams if each is as expected. Rules 30 to 34.
    ///
    /// # Errors
    /// See [`MultiAppendError`]; unless it is [`MultiAppendError::Store`], nothing has been written.
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError>;
}

/// A stream, and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The stream.
    pub stream: StreamId,
    /// What it must be like.
    pub expected: ExpectedVersion,
}

/// Events for several streams, and what is expected of these and of others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MultiAppend {
    /// The streams that are appended to, each once.
    pub appends: Vec<Expectation>,
    /// The streams that are only checked, each once and none of those that are appended to.
    pub checks: Vec<Expectation>,
    /// The events in the order in which they are to stand in the log, each for one of `appends`.
    pub events: Vec<(StreamId, NewEvent)>,
}

impl MultiAppend {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then appends `events` to `stream`, which must be as `expected`; once for each stream.
    #[must_use]
    pub fn append(mut self, stream: &StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Self {
        self.appends.push(Expectation { stream: stream.clone(), expected });
        self.then(stream, events)
    }

    /// Then appends more `events` to a stream that is appended to already.
    #[must_use]
    pub fn then(mut self, stream: &StreamId, events: Vec<NewEvent>) -> Self {
        self.events.extend(events.into_iter().map(|event| (stream.clone(), event)));
        self
    }

    /// Writes nothing to `stream`, but it must be as `expected`.
    #[must_use]
    pub fn check(mut self, stream: &StreamId, expected: ExpectedVersion) -> Self {
        self.checks.push(Expectation { stream: stream.clone(), expected });
        self
    }

    /// Checks rules 5 and 31; for implementors of stores.
    ///
    /// # Errors
    /// Everything of [`MultiAppendError`] that can be known without a look at the store.
    pub fn validate(&self, limits: &Limits) -> Result<(), MultiAppendError> {
        let mut taking_part = HashSet::new();
        for Expectation { stream, .. } in self.appends.iter().chain(&self.checks) {
            if !taking_part.insert(stream) {
                return Err(MultiAppendError::StreamTwice { stream: stream.clone() });
            }
        }
        if let Some(any) = self.checks.iter().find(|check| check.expected == ExpectedVersion::Any) {
            return Err(MultiAppendError::CheckOfAny { stream: any.stream.clone() });
        }
        let appended: HashSet<_> = self.appends.iter().map(|append| &append.stream).collect();
        if let Some((stream, _)) = self.events.iter().find(|(stream, _)| !appended.contains(stream)) {
            return Err(MultiAppendError::NotAppendedTo { stream: stream.clone() });
        }
        let Some((first, _)) = self.events.first() else { return Ok(()) };
        limits.check_all(first, self.events.len(), || self.events.iter().map(|(stream, event)| (stream, event)))?;
        Ok(())
    }
}

/// What an append to several streams did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultiAppended {
    /// The streams that were appended to, in the order of [`MultiAppend::appends`].
    pub streams: Vec<StreamAppended>,
    /// The position of the last event appended; `None` if there was none.
    pub position: Option<Position>,
}

/// What was appended to one of several streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAppended {
    /// The stream.
    pub stream: StreamId,
    /// The version of the last event appended to it; its version, if there was none.
    pub version: Version,
    /// The position of the last event appended to it; `None` if there was none.
    pub position: Option<Position>,
}

/// A stream that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The stream.
    pub stream: StreamId,
    /// What the caller expected.
    pub expected: ExpectedVersion,
    /// The version that the stream has.
    pub actual: Version,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, expected, actual } = self;
        write!(f, "stream `{stream}`: expected {expected}, but it is at version {actual}")
    }
}

/// Why nothing was appended to any of several streams.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MultiAppendError {
    /// Streams are not as expected.
    #[error("conflict on {}", listed(violations))]
    Conflict {
        /// All of them, first those appended to, then those only checked, in the order given.
        violations: Vec<Violation>,
    },
    /// A stream takes part twice.
    #[error("append to several streams refused: stream `{stream}` takes part twice")]
    StreamTwice {
        /// The stream.
        stream: StreamId,
    },
    /// A check that every stream passes.
    #[error("append to several streams refused: the check of stream `{stream}` expects nothing")]
    CheckOfAny {
        /// The stream.
        stream: StreamId,
    },
    /// There are events for a stream of which nothing is said.
    #[error("append to several streams refused: there are events for stream `{stream}`, but nothing is expected of it")]
    NotAppendedTo {
        /// The stream.
        stream: StreamId,
    },
    /// Streams of several [partitions](super::PartitionedStore) take part.
    #[error(
        "append to several streams refused: stream `{stream}` is in partition `{partition}`, stream `{other}` in partition `{other_partition}`"
    )]
    SeveralPartitions {
        /// The first stream.
        stream: StreamId,
        /// The name of its partition.
        partition: String,
        /// The first stream of another partition.
        other: StreamId,
        /// The name of that partition.
        other_partition: String,
    },
    /// What an append to one stream is refused for as well: limits and ids.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// The store failed; the events may or may not have been written. Sending them again finds out: rule 33.
    #[error("the store failed to append to several streams")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

fn listed(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
