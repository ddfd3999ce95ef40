//! A processor: what is driven along the log, one batch after the other, and remembers how far it has come.
//!
//! Projections, process managers and publishers are processors.
//! It says what to do with events; a runner reads the log once for many of them, retries, parks and waits.

use std::error::Error;
use std::fmt::{self, Display};

use async_trait::async_trait;

use crate::envelope::RecordedEvent;
use crate::name::EventName;
use crate::store::{CheckpointName, EventFilter};
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// What a runner drives along the log.
///
/// A batch is handled in two steps, so that its parts may be handled side by side and still count as one.
/// [`handle`](EventProcessor::handle) takes events of the batch and says what is to be done about them;
/// [`commit`](EventProcessor::commit) does it, and moves the checkpoint from where the batch began to where it ends.
/// Events of one [key](EventProcessor::keys) are never handled side by side, and always in the order of the log.
///
/// # Contract
///
/// 1. A commit takes effect as a whole or not at all, its checkpoint included, wherever its effects and its checkpoint
///    share a transaction.
///    Elsewhere its effects may be done again after a crash, and doing them again changes nothing.
/// 2. A batch that fails in either step leaves the checkpoint where it was; its events are given again.
/// 3. A checkpoint that is not where the commit expects it is [superseded](ProcessorError::Superseded): another instance
///    is at work, and nothing has been committed.
/// 4. Events that the [filter](EventProcessor::filter) leaves out still move the checkpoint: a batch may have no events.
#[async_trait]
pub trait EventProcessor: Send + Sync {
    /// What is to be done about some events.
    type Work: Send;

    /// The name under which its checkpoint, its lease and its failures are kept.
    fn name(&self) -> &CheckpointName;

    /// Which events it is given.
    fn filter(&self) -> EventFilter;

    /// What an event is about: events that share a key are handled in order, and parked behind each other.
    ///
    /// # Errors
    /// [`ProcessorError::Event`], if the event cannot be read; it is then about its stream.
    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        Ok(vec![event.stream.as_str().to_owned()])
    }

    /// The position up to which everything is done; `None`, if nothing has been yet.
    ///
    /// # Errors
    /// [`ProcessorError::Store`].
    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError>;

    /// Says what is to be done about `events`, which are in the order of the log.
    ///
    /// Where it has effects of its own, they are such that having them twice changes nothing.
    ///
    /// # Errors
    /// See [`ProcessorError`].
    async fn handle(&self, events: &[RecordedEvent]) -> Result<Self::Work, ProcessorError>;

    /// Does all of the work, and moves the checkpoint from `expected` to `through`.
    ///
    /// The parts have no key in common, unless they come one after the other in the order of the log.
    ///
    /// # Errors
    /// See [`ProcessorError`].
    async fn commit(
        &self,
        work: Vec<Self::Work>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError>;
}

/// A processor that can forget everything it has done, to do it again from the beginning of the log.
#[async_trait]
pub trait Rebuild: EventProcessor {
    /// Forgets what it has done, and its checkpoint: [`checkpoint`](EventProcessor::checkpoint) is `None` afterwards.
    ///
    /// Takes effect as a whole or not at all, so that a rebuild which is interrupted goes on from its checkpoint.
    ///
    /// # Errors
    /// [`ProcessorError::Store`].
    async fn clear(&self) -> Result<(), ProcessorError>;
}

/// A processor that can be the next version of one with effects on the world, which must not be had twice.
///
/// It builds up its state from the beginning of the log, and is silent up to where the version before it has come.
pub trait Successor: EventProcessor {
    /// The version before has had the effects of all events up to `mark`: have none of them for these.
    ///
    /// Called before events up to `mark` are given; the mark only grows. Events beyond it have their effects.
    fn replay_through(&self, mark: Position);
}

/// Why events were not processed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessorError {
    /// One event cannot be processed; those before it can.
    #[error("{at} could not be processed by `{processor}`")]
    Event {
        /// The name of the processor.
        processor: CheckpointName,
        /// The event.
        at: EventRef,
        /// What is wrong with it.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// Another instance has moved the checkpoint, and nothing was committed.
    #[error("`{processor}` was at {}, but another instance has moved it to {}", shown(*.expected), shown(*.actual))]
    Superseded {
        /// The name of the processor.
        processor: CheckpointName,
        /// Where this instance left it.
        expected: Option<Position>,
        /// Where it is.
        actual: Option<Position>,
    },
    /// A store or a target failed; the same events may be processed later.
    #[error("`{processor}` could not reach what it works on")]
    Store {
        /// The name of the processor.
        processor: CheckpointName,
        /// The error of the store or the target.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// Which event it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// Its stored name.
    pub name: EventName,
}

impl From<&RecordedEvent> for EventRef {
    fn from(event: &RecordedEvent) -> Self {
        let RecordedEvent { position, stream, version, name, .. } = event;
        Self { position: *position, stream: stream.clone(), version: *version, name: name.clone() }
    }
}

impl Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { position, stream, version, name } = self;
        write!(f, "event {version} of stream `{stream}`, `{name}` at position {position},")
    }
}

fn shown(position: Option<Position>) -> String {
    position.map_or("its beginning".to_owned(), |position| format!("position {position}"))
}
