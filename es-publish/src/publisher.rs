//! A publisher: the processor that hands the events of the log to a target.
//!
//! Knows order, repeats and checkpoints; how a message travels is the target's.

mod measure;
mod status;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use es_core::store::{CheckpointError, CheckpointName, CheckpointStore, EventFilter, EventStore, ReadLog};
use es_core::{Clock, EventProcessor, EventRef, Position, ProcessorError, RecordedEvent, Successor, SystemClock};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tracing::Instrument;

use crate::outgoing::Outgoing;
use crate::target::{Message, PublishError, Target};

pub use self::status::{Failed, PublisherStatus};

/// How many streams are published side by side, unless something else is said.
const CONCURRENCY: usize = 16;
/// How many events are read together by `catch_up`.
const PAGE: usize = 256;

/// Publishes the events of a log to a target, from a checkpoint on.
///
/// The log is the outbox: an event that is stored is published, one that is not stored is not, and there is no second
/// table to keep in step.
///
/// 1. **At least once.** The checkpoint moves after the target has taken everything before it. After a crash in between,
///    events are published again, with the same source and id, by which receivers tell them.
/// 2. **In order per stream.** The next event of a stream is published after the target has taken the one before. One
///    that fails holds back its stream; other streams go on, [so many](Publisher::with_concurrency) at once.
/// 3. **Nothing is skipped.** An event that cannot be read or that the target refuses is an
///    [error](ProcessorError::Event) with its place; whether to park it is up to the runner.
///
/// What the target has taken is remembered until the checkpoint is beyond it, so that a batch that is tried again
/// repeats nothing within one process.
///
/// Any runner of [`EventProcessor`]s drives it; [`catch_up`](Publisher::catch_up) is enough for a single one:
///
/// ```
/// # use es_core::{Aggregate, Apply, Command, Event};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "account-opened")]
/// # pub struct AccountOpened { pub owner: String }
/// # #[derive(Debug, Clone, Command)]
/// # #[command(create, emits = AccountOpened)]
/// # pub struct OpenAccount { pub owner: String }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "account", id = String, error = std::convert::Infallible,
/// #             events(AccountOpened), commands(OpenAccount))]
/// # pub struct Account;
/// # impl Apply<AccountOpened> for Account { fn apply(&mut self, _: AccountOpened) {} }
/// use es_core::store::CheckpointName;
/// use es_core::Repository;
/// use es_memory_store::MemoryStore;
/// use es_publish::{MemoryTarget, Outgoing, Publisher};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, target) = (MemoryStore::new(), MemoryTarget::new());
/// let outgoing = Outgoing::of::<AccountEvent>("/bank")?.with_type_prefix("com.example.");
/// let publisher = Publisher::new(store.clone(), CheckpointName::new("bank-events")?, outgoing, target.clone());
///
/// Repository::<Account, _>::new(store.clone()).execute("ada", OpenAccount { owner: "Ada".into() }).await?;
/// publisher.catch_up(&store).await?;
/// assert_eq!(target.published()[0].event.ty(), "com.example.account-opened");
/// # Ok(()) }
/// ```
pub struct Publisher<S> {
    checkpoints: S,
    name: CheckpointName,
    outgoing: Outgoing,
    target: Box<dyn Target>,
    concurrency: usize,
    clock: Arc<dyn Clock>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// What the target has taken beyond the checkpoint: positions, and ids of messages.
    taken: BTreeSet<(Position, String)>,
    /// What another publisher has published, up to here.
    silent_to: Position,
    status: PublisherStatus,
}

/// Why the rest of a stream was not published.
struct Held {
    at: Position,
    error: ProcessorError,
    /// Whether the same may well happen to every other stream.
    is_unavailable: bool,
}

impl<S> Publisher<S> {
    /// Publishes what is `outgoing` to `target`, and keeps under `name` in `checkpoints` how far it has come.
    pub fn new(checkpoints: S, name: CheckpointName, outgoing: Outgoing, target: impl Target + 'static) -> Self {
        Self {
            checkpoints,
            name,
            outgoing,
            target: Box::new(target),
            concurrency: CONCURRENCY,
            clock: Arc::new(SystemClock),
            memory: Mutex::default(),
        }
    }

    /// Publishes so many streams side by side, at least one; 16 unless something else is said.
    #[must_use]
    pub fn with_concurrency(self, streams: usize) -> Self {
        Self { concurrency: streams.max(1), ..self }
    }

    /// Takes the time at which events are published, for their delay, from `clock`.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// What it has done since it was made.
    pub fn status(&self) -> PublisherStatus {
        self.memory().status.clone()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change of it is one call that does not panic.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events of each key, in the order of the log.
    fn streams<'a>(&self, events: &'a [RecordedEvent]) -> Vec<Vec<&'a RecordedEvent>> {
        let (mut streams, mut places) = (Vec::<Vec<_>>::new(), HashMap::new());
        for event in events {
            let place = *places.entry(self.outgoing.key(&event.stream)).or_insert(streams.len());
            if place == streams.len() {
                streams.push(Vec::new());
            }
            streams[place].push(event);
        }
        streams
    }

    /// Publishes the events of one key, one after the other, up to the first that fails.
    async fn publish_stream(&self, events: Vec<&RecordedEvent>) -> Result<(), Held> {
        let (mut place, mut parts) = (None, 0);
        let silent_to = self.memory().silent_to;
        for event in events.into_iter().filter(|event| event.position > silent_to) {
            if place.replace(event.position) != Some(event.position) {
                parts = 0;
            }
            let messages = self.outgoing.messages_after(event, &mut parts);
            let messages = messages.map_err(|cause| self.held(event, PublishError::refused(cause)))?;
            for message in messages {
                let key = (event.position, message.event.id().to_owned());
                if self.memory().taken.contains(&key) {
                    continue;
                }
                self.publish(event, &message).await.map_err(|error| self.held(event, error))?;
                let mut memory = self.memory();
                memory.taken.insert(key);
                memory.status.has_published(event);
            }
        }
        Ok(())
    }

    async fn publish(&self, event: &RecordedEvent, message: &Message) -> Result<(), PublishError> {
        let span = tracing::info_span!(
            target: "es",
            "es.publish",
            publisher = %self.name,
            target = self.target.name(),
            r#type = message.event.ty(),
            outcome = tracing::field::Empty,
        );
        let began = Instant::now();
        let published = self.target.publish(message).instrument(span.clone()).await;
        let outcome = match &published {
            Ok(()) => "published",
            Err(PublishError::Refused { .. }) => "refused",
            Err(_) => "unavailable",
        };
        span.record("outcome", outcome);
        measure::message(&self.name, self.target.name(), outcome, began.elapsed());
        if published.is_ok() {
            measure::delay(&self.name, event.recorded_at, self.clock.now());
        }
        published
    }

    fn held(&self, event: &RecordedEvent, error: PublishError) -> Held {
        let (processor, at, is_unavailable) =
            (self.name.clone(), event.position, matches!(error, PublishError::Unavailable { .. }));
        // An id may be the data of a person, so the log of the program gets the place only.
        tracing::warn!(
            target: "es", publisher = %self.name, position = %at, version = %event.version, name = %event.name,
            error = %status::chain(&error), "an event was not published"
        );
        self.memory().status.has_failed(event, &error);
        let error = match error {
            PublishError::Refused { cause } => ProcessorError::Event { processor, at: EventRef::from(event), cause },
            error => ProcessorError::Store { processor, cause: Box::new(error) },
        };
        Held { at, error, is_unavailable }
    }
}

#[async_trait]
impl<S: CheckpointStore> EventProcessor for Publisher<S> {
    type Work = ();

    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn filter(&self) -> EventFilter {
        self.outgoing.filter()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        Ok(vec![self.outgoing.key(&event.stream)])
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        self.checkpoints.load_checkpoint(&self.name).await.map_err(|cause| self.store_error(cause))
    }

    /// Publishes the events; what the target has taken before is not published again.
    ///
    /// If several streams are held back, the error is that of the earliest event.
    /// When as many streams in a row as go side by side found the target unavailable, the rest is not tried.
    async fn handle(&self, events: &[RecordedEvent]) -> Result<(), ProcessorError> {
        let mut waiting = self.streams(events).into_iter();
        let (mut under_way, mut held, mut unavailable) = (FuturesUnordered::new(), Vec::<Held>::new(), 0);
        loop {
            while under_way.len() < self.concurrency && unavailable < self.concurrency {
                let Some(stream) = waiting.next() else { break };
                under_way.push(self.publish_stream(stream));
            }
            match under_way.next().await {
                None => break,
                Some(Ok(())) => unavailable = 0,
                Some(Err(stream)) => {
                    unavailable += usize::from(stream.is_unavailable);
                    held.push(stream);
                }
            }
        }
        held.into_iter().min_by_key(|held| held.at).map_or(Ok(()), |held| Err(held.error))
    }

    async fn commit(&self, _: Vec<()>, expected: Option<Position>, through: Position) -> Result<(), ProcessorError> {
        let saved = self.checkpoints.save_checkpoint(&self.name, expected, through).await;
        let mut memory = self.memory();
        match saved {
            Ok(()) => {
                memory.taken.retain(|(position, _)| *position > through);
                memory.status.checkpoint = Some(through);
                Ok(())
            }
            Err(CheckpointError::Conflict { expected, actual, .. }) => {
                // Somebody may want to have everything published again.
                memory.taken.clear();
                Err(ProcessorError::Superseded { processor: self.name.clone(), expected, actual })
            }
            Err(cause) => Err(self.store_error(cause)),
        }
    }
}

/// The next version of a publisher, under another name: what the version before has published, it does not publish.
impl<S: CheckpointStore> Successor for Publisher<S> {
    fn replay_through(&self, mark: Position) {
        let mut memory = self.memory();
        memory.silent_to = memory.silent_to.max(mark);
    }
}

impl<S> Publisher<S> {
    fn store_error(&self, cause: impl std::error::Error + Send + Sync + 'static) -> ProcessorError {
        ProcessorError::Store { processor: self.name.clone(), cause: Box::new(cause) }
    }
}

impl<S: CheckpointStore> Publisher<S> {
    /// Publishes everything up to the head that `log` has now, and returns the checkpoint.
    ///
    /// A loop around it, and [`appended_after`](es_core::store::Subscribe::appended_after) between two rounds, is a
    /// runner that does not park: the first event that fails ends the round, and is tried again in the next.
    ///
    /// # Errors
    /// See [`ProcessorError`]; the checkpoint then stands before the batch that has the event.
    pub async fn catch_up(&self, log: &impl EventStore) -> Result<Position, ProcessorError> {
        let (mut checkpoint, mut head) = (self.checkpoint().await?, None);
        loop {
            let after = checkpoint.unwrap_or(Position::START);
            let range = ReadLog::after(after).up_to(head.unwrap_or(Position::MAX)).limit(PAGE).filter(self.filter());
            let page = log.read_log(range).await.map_err(|cause| self.store_error(cause))?;
            head.get_or_insert(page.head);
            self.handle(&page.events).await?;
            if page.through > after {
                self.commit(vec![()], checkpoint, page.through).await?;
                checkpoint = Some(page.through);
            }
            if page.is_end {
                return Ok(page.through.max(after));
            }
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Publisher<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("name", &self.name)
            .field("checkpoints", &self.checkpoints)
            .field("outgoing", &self.outgoing)
            .field("target", &self.target.name())
            .field("concurrency", &self.concurrency)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
