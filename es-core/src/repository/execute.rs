//! Executing: load, decide, append, and again if someone else was faster.

use std::borrow::Borrow;
use std::error::Error;
use std::fmt::Display;

use super::Repository;
use super::load::{LoadError, Loaded};
use crate::aggregate::Aggregate;
use crate::codec::{Codec, CodecError};
use crate::command::HandledBy;
use crate::decode_error::DecodeError;
use crate::envelope::NewEvent;
use crate::event_set::{EventSet, Events};
use crate::id::{EventId, MessageId};
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::store::{AppendError, Appended, EventStore, ReadError};
use crate::stream::{InvalidStreamId, StreamId};
use crate::version::{ExpectedVersion, Position, Version};

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
            Some(id) => self.metadata.clone().with_causation_id(id),
            None => self.metadata.clone(),
        }
    }
}

/// What a command did, and what was appended, where that is of use.
struct Decided<E> {
    executed: Executed<E>,
    appended: Vec<NewEvent>,
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

    /// Executes a command with metadata of the caller's, of which what is missing is filled in.
    ///
    /// [`RecordedEvent::follow_up`](crate::RecordedEvent::follow_up) and [`Executed::follow_up`] continue a conversation.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute_with<K, M>(
        &self,
        id: &K,
        command: M,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
        M: HandledBy<A> + Clone + Send,
    {
        let stream = StreamId::new(A::NAME, id)?;
        let cached = if command.creates() { None } else { self.cached(&stream) };
        // Where events may be read as others, what was appended is not known until it is read.
        let may_be_late = cached.is_some() && self.store.reads_as_appended(&stream);
        let mut loaded = cached.unwrap_or_else(|| Loaded::missing(stream));
        let decided = self.decide(&mut loaded, may_be_late, command, metadata).await;
        if let Ok(Decided { executed, appended }) = &decided {
            let is_known = self.apply_appended(&mut loaded, executed, appended);
            self.snapshot_if_due(&mut loaded, executed.version).await;
            if !is_known {
                return decided.map(|decided| decided.executed);
            }
        }
        if let Some(cache) = &self.cache {
            // Also of a refused command: all that `loaded` has seen is in the log.
            cache.keep_owned(loaded);
        }
        decided.map(|decided| decided.executed)
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
        let Decided { executed, .. } = self.decide(loaded, false, command, metadata).await?;
        self.snapshot_if_due(loaded, executed.version).await;
        Ok(executed)
    }

    /// Reads, decides and appends until an append succeeds; if `loaded` `may_be_late`, the first decision is made
    /// without reading.
    async fn decide<M>(
        &self,
        loaded: &mut Loaded<A>,
        mut may_be_late: bool,
        command: M,
        metadata: Metadata,
    ) -> Result<Decided<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let metadata = self.filled(metadata);
        let creates = command.creates();
        let mut failed = 0;
        loop {
            let (decision, expected) = if creates {
                (command.clone().handled_by(&A::default()), ExpectedVersion::NoStream)
            } else {
                if !may_be_late {
                    self.refresh(loaded).await?;
                }
                (command.clone().handled_by(loaded.state()), ExpectedVersion::Exact(loaded.version()))
            };
            let decided = decision.map_err(ExecuteError::Rejected);
            let decided = decided.and_then(|events| Ok((self.encoded(&events, loaded, &metadata)?, events)));
            if may_be_late && !matches!(&decided, Ok((new, _)) if !new.is_empty()) {
                // What appends nothing is held against no log, so it has to be decided on what is there now.
                may_be_late = false;
                continue;
            }
            let (new, events) = decided?;
            let (stream, last_event_id) = (loaded.stream().clone(), new.last().map(|event| event.id));
            if new.is_empty() && !creates {
                let (version, position) = (loaded.version(), loaded.position());
                let executed = Executed { stream, version, position, events, last_event_id, metadata };
                return Ok(Decided { executed, appended: Vec::new() });
            }
            let appended = if self.cache.is_some() { new.clone() } else { Vec::new() };
            match self.store.append(&stream, expected, new).await {
                Ok(Appended { version, position }) => {
                    let position = position.unwrap_or(loaded.position());
                    let executed = Executed { stream, version, position, events, last_event_id, metadata };
                    return Ok(Decided { executed, appended });
                }
                Err(AppendError::Conflict { actual, .. }) if creates => {
                    return Err(ExecuteError::AlreadyExists { stream, version: actual });
                }
                Err(AppendError::Conflict { .. }) if may_be_late => may_be_late = false,
                Err(AppendError::Conflict { actual, .. }) => {
                    failed += 1;
                    if self.retry.is_spent_after(failed) {
                        let expected = loaded.version();
                        return Err(ExecuteError::Conflict { stream, expected, actual, attempts: failed });
                    }
                    self.retry.pause(failed).await;
                }
                Err(error) => return Err(ExecuteError::Append(error)),
            }
        }
    }

    /// Applies what was appended as it will be read back; `false` if that is not known.
    fn apply_appended(&self, loaded: &mut Loaded<A>, executed: &Executed<A::Event>, appended: &[NewEvent]) -> bool {
        if appended.is_empty() {
            return true;
        }
        let is_next = loaded.version().plus(appended.len() as u64) == executed.version;
        if !is_next || !self.store.reads_as_appended(loaded.stream()) {
            return true;
        }
        appended.iter().all(|event| {
            let (stream, version) = (loaded.stream().clone(), loaded.version().next());
            let recorded = event.clone().record(stream, version, executed.position);
            loaded.replay(&self.codec, &[recorded]).is_ok()
        })
    }

    /// Both ids default to that of the command, which is the first message of its own chain.
    fn filled(&self, metadata: Metadata) -> Metadata {
        if metadata.correlation_id().is_some() && metadata.causation_id().is_some() {
            return metadata;
        }
        let command_id = MessageId::from(self.ids.next_id(self.clock.now()));
        let causation = metadata.causation_id().cloned().unwrap_or_else(|| command_id.clone());
        let correlation = metadata.correlation_id().cloned().unwrap_or(command_id);
        metadata.with_causation_id(causation).with_correlation_id(correlation)
    }

    fn encoded(
        &self,
        events: &Events<A::Event>,
        loaded: &Loaded<A>,
        metadata: &Metadata,
    ) -> Result<Vec<NewEvent>, ExecuteError<A::Error>> {
        let recorded_at = self.clock.now();
        let encode = |event: &A::Event| match event.encode(&self.codec) {
            Ok(payload) => Ok(NewEvent {
                id: EventId::new(self.ids.next_id(recorded_at)),
                name: event.name(),
                schema_version: event.schema_version(),
                recorded_at,
                metadata: metadata.clone(),
                payload: payload.into(),
            }),
            Err(cause) => Err(ExecuteError::Encode { stream: loaded.stream().clone(), name: event.name(), cause }),
        };
        events.iter().map(encode).collect()
    }
}
