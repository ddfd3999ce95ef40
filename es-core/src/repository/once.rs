//! Executing once: a command that is sent again does nothing, and gets the answer of the first time.

use std::borrow::Borrow;
use std::fmt::Display;

use super::Repository;
use super::decide::{Decided, event_id};
use super::execute::{ExecuteError, Executed};
use super::load::Loaded;
use super::options::CommandOptions;
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::command::HandledBy;
use crate::envelope::{NewEvent, RecordedEvent};
use crate::event_set::EventSet;
use crate::id::MessageId;
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::store::{AppendError, Appended, EventStore, ReadStream};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{ExpectedVersion, Version};

/// How many events are read at a time.
const PAGE: usize = 64;

/// A version that no stream has, so that an append that expects it is never carried out.
const NEVER: ExpectedVersion = ExpectedVersion::Exact(Version::new(u64::MAX - 1));

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// Executes a command, unless a command with this id has been executed on this aggregate before: then nothing is
    /// written, and what it did the first time is returned.
    ///
    /// For whoever cannot know whether the first attempt succeeded: a client that got no answer, a message that is
    /// delivered again, a process that was interrupted.
    /// The command is not compared, only its id, unless there is a
    /// [fingerprint](CommandOptions::with_fingerprint) of it; the same id on two aggregates is two commands.
    /// An attempt that wrote no events, because it was refused or changed nothing, has left nothing behind: it is decided
    /// again.
    /// A command that [creates](crate::HandledBy::creates) is decided before anything is read; of a repeat, the outcome
    /// then has the metadata that came with the repeat.
    ///
    /// The events of the command get [ids that follow from it](MessageId::derive), which the
    /// [store](crate::store) keeps unique; so this holds between processes, without a limit of time, and costs a command
    /// that is new nothing.
    ///
    /// ```
    /// # use es_core::{Aggregate, Apply, Command, Event};
    /// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
    /// # #[event(name = "counter-increased")]
    /// # pub struct CounterIncreased { pub by: u32 }
    /// # #[derive(Debug, Clone, Command)]
    /// # #[command(emits = CounterIncreased)]
    /// # pub struct Increase { pub by: u32 }
    /// # #[derive(Debug, Default, Aggregate)]
    /// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
    /// #             events(CounterIncreased), commands(Increase))]
    /// # pub struct Counter { total: u32 }
    /// # impl Apply<CounterIncreased> for Counter {
    /// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
    /// # }
    /// use es_core::{MessageId, Metadata, Repository};
    /// use es_memory_store::MemoryStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counters = Repository::<Counter, _>::new(MemoryStore::new());
    /// let request = MessageId::from("request-17");
    /// let first = counters.execute_once("visits", &request, Increase { by: 2 }, Metadata::new()).await?;
    /// let again = counters.execute_once("visits", &request, Increase { by: 2 }, Metadata::new()).await?;
    /// assert_eq!(first, again);
    /// assert_eq!(counters.load("visits").await?.state().total, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`ExecuteError`]; after [`AppendError::Store`], send it again to learn what became of it.
    pub async fn execute_once<K, M>(
        &self,
        id: &K,
        command_id: &MessageId,
        command: M,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
        M: HandledBy<A> + Clone + Send,
    {
        self.execute_once_on(StreamId::new(A::NAME, id)?, command_id, command, metadata).await
    }

    /// [`execute_once`](Self::execute_once) for whoever has kept the name of the stream, and not the id.
    pub(crate) async fn execute_once_on<M>(
        &self,
        stream: StreamId,
        command_id: &MessageId,
        command: M,
        metadata: Metadata,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        let cached = if command.creates() { None } else { self.cached(&stream) };
        let mut loaded = cached.unwrap_or_else(|| Loaded::missing(stream));
        let options = CommandOptions::from(metadata).once(command_id.clone());
        self.decide_once(&mut loaded, command, command_id, &options).await
    }

    /// Decides, and finds out whether that was done before.
    pub(super) async fn decide_once<M>(
        &self,
        loaded: &mut Loaded<A>,
        command: M,
        command_id: &MessageId,
        options: &CommandOptions,
    ) -> Result<Executed<A::Event>, ExecuteError<A::Error>>
    where
        M: HandledBy<A> + Clone + Send,
    {
        // Decided on what is there now: a state that is late could not tell its own events from those of the first time.
        match self.decide(loaded, command, options, self.circumstances(options, self.clock.now())).await {
            Ok(Decided { executed, .. }) => {
                let events = executed.events.len() as u64;
                if events > 0 && executed.version == loaded.version().plus(events) {
                    if options.fingerprint.is_some() {
                        // It may have been written by another who was just as early, or be what was created before.
                        self.compare_first(loaded, executed.version, command_id, options).await?;
                    }
                    self.snapshot_if_due(loaded, executed.version).await;
                    return Ok(executed);
                }
                Ok(self.first_outcome(loaded.stream(), command_id, options).await?.unwrap_or(executed))
            }
            // What the first time did may be the reason why there is no second.
            Err(refused) if may_be_a_repeat(&refused, loaded.stream()) => {
                self.first_outcome(loaded.stream(), command_id, options).await?.ok_or(refused)
            }
            Err(error) => Err(error),
        }
    }

    /// What a command with this id has done to a stream, if it has done anything.
    async fn first_outcome(
        &self,
        stream: &StreamId,
        command_id: &MessageId,
        options: &CommandOptions,
    ) -> Result<Option<Executed<A::Event>>, ExecuteError<A::Error>> {
        let Some(first) = self.place_of(stream, command_id, 0).await? else { return Ok(None) };
        let mut last = first;
        if !self.store.reads_as_appended(stream) {
            // Any of them may be read as nothing, so each is asked for.
            for index in 1.. {
                let Some(next) = self.place_of(stream, command_id, index).await? else { break };
                last = next;
            }
        }
        let nth = |version: Version| usize::try_from(version.get() - first.version.get()).unwrap_or(usize::MAX);
        let mut recorded: Vec<RecordedEvent> = Vec::new();
        let mut after = Version::new(first.version.get() - 1);
        'pages: loop {
            let range = ReadStream::after(after).limit(PAGE);
            let read = self.store.read_stream(stream, range).await;
            let page = read.map_err(|cause| ExecuteError::Read { stream: stream.clone(), cause })?;
            for event in page.events {
                if event.id != event_id(command_id, stream, nth(event.version)) {
                    break 'pages;
                }
                if event.version > last.version {
                    last = Appended { version: event.version, position: Some(event.position) };
                }
                recorded.push(event);
            }
            if page.is_end {
                break;
            }
            after = page.through;
        }
        if let Some(first) = recorded.first() {
            is_same(first, command_id, options)?;
        }
        let shown = recorded.last();
        let decoded: Result<Vec<_>, _> = recorded.iter().map(|event| A::Event::decode(&self.codec, event)).collect();
        Ok(Some(Executed {
            stream: stream.clone(),
            version: last.version,
            position: last.position.or(shown.map(|event| event.position)).unwrap_or_default(),
            last_event_id: Some(event_id(command_id, stream, nth(last.version))),
            // That of events which are all read as nothing is not to be had.
            metadata: shown.map_or_else(|| options.metadata.clone(), |event| event.metadata.clone()),
            events: decoded?.into_iter().flatten().collect(),
        }))
    }

    /// Whether the events that are stored for a command with this id are those of this command.
    async fn compare_first(
        &self,
        loaded: &Loaded<A>,
        version: Version,
        command_id: &MessageId,
        options: &CommandOptions,
    ) -> Result<(), ExecuteError<A::Error>> {
        let stream = loaded.stream();
        let range = ReadStream::after(loaded.version()).up_to(version).limit(1);
        let read = self.store.read_stream(stream, range).await;
        let page = read.map_err(|cause| ExecuteError::Read { stream: stream.clone(), cause })?;
        page.events.first().map_or(Ok(()), |event| is_same(event, command_id, options))
    }

    /// Where an event of a command stands: an append of an event with its id, which cannot be carried out, is answered with
    /// the place of the one that is stored, if there is one (rules 16 and 18 of the [store](crate::store)).
    async fn place_of(
        &self,
        stream: &StreamId,
        command_id: &MessageId,
        index: usize,
    ) -> Result<Option<Appended>, ExecuteError<A::Error>> {
        let question = NewEvent {
            id: event_id(command_id, stream, index),
            name: EventName::from_static("question"),
            schema_version: 1,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
            payload: b"{}".as_slice().into(),
        };
        match self.store.append(stream, NEVER, vec![question]).await {
            Ok(stored) => Ok(Some(stored)),
            Err(AppendError::Conflict { .. }) => Ok(None),
            Err(error) => Err(ExecuteError::Append(error)),
        }
    }
}

/// Whether the command that led to an event says what that with these options says, as far as both tell.
fn is_same<E: std::error::Error + 'static>(
    first: &RecordedEvent,
    command_id: &MessageId,
    options: &CommandOptions,
) -> Result<(), ExecuteError<E>> {
    match (first.metadata.command_fingerprint(), options.fingerprint) {
        (Some(stored), Some(given)) if stored != given => {
            let (stream, command_id, version) = (first.stream.clone(), command_id.clone(), first.version);
            Err(ExecuteError::CommandIdReused { stream, command_id, version })
        }
        _ => Ok(()),
    }
}

/// Whether the command may have been refused because it has been executed before.
fn may_be_a_repeat<E: std::error::Error + 'static>(error: &ExecuteError<E>, stream: &StreamId) -> bool {
    match error {
        ExecuteError::Rejected(_) | ExecuteError::AlreadyExists { .. } | ExecuteError::Conflict { .. } => true,
        ExecuteError::Append(AppendError::EventIdStored { stored_in, .. }) => stored_in == stream,
        _ => false,
    }
}
