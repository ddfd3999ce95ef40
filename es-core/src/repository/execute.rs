//! Executing: load, decide, append, and again if someone else was faster.

use std::borrow::Borrow;
use std::error::Error;
use std::fmt::Display;

use super::Repository;
use super::decide::Decided;
use super::load::{LoadError, Loaded};
use super::options::CommandOptions;
use crate::aggregate::Aggregate;
use crate::codec::{Codec, CodecError};
use crate::command::HandledBy;
use crate::decode_error::DecodeError;
use crate::event_set::Events;
use crate::id::{EventId, MessageId};
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::store::{AppendError, EventStore, ReadError};
use crate::stream::{InvalidStreamId, StreamId};
use crate::version::{Position, Version};

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed<E> {
    /// The stream of the aggregate.
    pub stream: StreamId,
    /// Its version afterwards.
    pub version: Version,
    /// The position of its last event afterwards: what a query waits for to see what the command did.
    pub position: Position,
    /// The events that happened; none, if the command changed nothing.
    pub events: Events<E>,
    /// The id of the last of them.
    pub last_event_id: Option<EventId>,
    /// The metadata that was recorded with them, filled in.
    pub metadata: Metadata,
}

impl<E> Executed<E> {
    /// The metadata of what is done because of this: same correlation, actor and trace; caused by the last event.
    pub fn follow_up(&self) -> Metadata {
        match self.last_event_id {
            Some(id) => self.metadata.passed_on().with_causation_id(id),
            None => self.metadata.passed_on(),
        }
    }
}

/// Why a command changed nothing; unless it is [`ExecuteError::Append`], nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E: Error + 'static> {
    /// The aggregate refused it.
    #[error(transparent)]
    Rejected(E),
    /// It only creates, and the aggregate exists.
    #[error("stream `{stream}` already exists, at version {version}")]
    AlreadyExists {
        /// The stream.
        stream: StreamId,
        /// The version that it has.
        version: Version,
    },
    /// Others were faster in every attempt of the budget.
    #[error(
        "conflict on stream `{stream}`: expected version {expected}, but it is at version {actual}, after {attempts} attempts"
    )]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// The version that the last decision was based on.
        expected: Version,
        /// The version that the stream had instead.
        actual: Version,
        /// How often the command was decided.
        attempts: u32,
    },
    /// A command with this id has been executed before, and said something else.
    #[error("stream `{stream}` has executed another command with the id `{command_id}`, as event {version}")]
    CommandIdReused {
        /// The stream.
        stream: StreamId,
        /// The id.
        command_id: MessageId,
        /// The version of the first event of that command.
        version: Version,
    },
    /// The id does not name a stream.
    #[error("the id does not name a stream")]
    Id(#[from] InvalidStreamId),
    /// The stream could not be read.
    #[error("stream `{stream}` could not be read")]
    Read {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: ReadError,
    },
    /// A stored event could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An event could not be encoded.
    #[error("event `{name}` for stream `{stream}` could not be encoded")]
    Encode {
        /// The stream.
        stream: StreamId,
        /// The stored name of the event.
        name: EventName,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// The store refused the events, or failed while it appended them.
    #[error(transparent)]
    Append(AppendError),
}

impl<E: Error + 'static> From<LoadError> for ExecuteError<E> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Id(cause) => Self::Id(cause),
            LoadError::Read { stream, cause } => Self::Read { stream, cause },
            LoadError::Decode(cause) => Self::Decode(cause),
        }
    }
}

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// Executes a command and appends the events that it leads to, all or none.
    ///
    /// On a conflict the aggregate reads what the others did and decides again, within the [budget](super::RetryBudget).
    /// A command that [creates](crate::HandledBy::creates) reads nothing: it is decided on the initial state, and
    /// appended only if the stream does not exist.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute<K, M>(&self, id: &K, command: M) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
        M: HandledBy<A> + Clone + Send,
    {
        self.execute_with(id, command, Metadata::new()).await
    }

    /// Executes a command under [options](CommandOptions): with metadata of the caller's, of which what is missing is
    /// filled in; once, however often it is sent; only on the version that the caller has seen.
    ///
    /// [`RecordedEvent::follow_up`](crate::RecordedEvent::follow_up) and [`Executed::follow_up`] give the metadata that
    /// continues a conversation, which are options as they are.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute_with<K, M>(
        &self,
        id: &K,
        command: M,
        options: impl Into<CommandOptions> + Send,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
        M: HandledBy<A> + Clone + Send,
    {
        let options = options.into();
        let cache = self.cache.as_ref().filter(|_| !command.creates());
        let known = StreamId::known_or_new(A::NAME, id, |text| cache?.get(text))?;
        if let Some(command_id) = &options.command_id {
            let mut loaded = known.map_or_else(Loaded::missing, |known| known.copied());
            return self.decide_once(&mut loaded, command, command_id, &options).await;
        }
        let now = self.clock.now();
        let metadata = self.circumstances(&options, now);
        match known {
            // Where events may be read as others, what was appended is not known until it is read.
            Ok(known) if options.expected.is_none() && self.store.reads_as_appended(known.loaded().stream()) => {
                self.execute_hot(known, command, &options, metadata, now).await
            }
            Ok(known) => self.execute_cold(known.copied(), command, &options, metadata).await,
            Err(stream) => self.execute_cold(Loaded::missing(stream), command, &options, metadata).await,
        }
    }

    /// Executes a command on an aggregate that is at hand, reading only what has happened since it was loaded.
    ///
    /// Whoever sends many commands to one aggregate spares the replay of its stream for each of them.
    /// `loaded` has then seen what the decision was based on, but not yet the events that followed from it, unless a
    /// snapshot was taken.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute_on<M>(
        &self,
        loaded: &mut Loaded<A>,
        command: M,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let options = metadata.into();
        let metadata = self.circumstances(&options, self.clock.now());
        let Decided { executed, .. } = self.decide(loaded, command, &options, metadata).await?;
        self.snapshot_if_due(loaded, executed.version).await;
        Ok(executed)
    }
}
