//! The read driver: keeps a projection up with the log, and answers queries from it.

use std::convert::Infallible;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use crate::codec::{Codec, Json};
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::projection::{Answer, Projection, Query};
use crate::store::{EventFilter, EventStore, ReadError, ReadLog, Subscribe};
use crate::version::Position;

/// How many events are read and projected at a time; queries wait for no more than this.
const PAGE: usize = 512;

/// A read model in memory, with the position that it has seen: its checkpoint.
///
/// Only the events that the projection lists are read from the store, under all their stored names; the others move the
/// checkpoint.
/// Read model and checkpoint change together, so every event is projected exactly once, also where several tasks drive
/// the same runner.
/// Cloning gives another handle to the same read model.
///
/// Queries see what has been projected so far.
/// To read your own writes, [wait for](ProjectionRunner::wait_for) the position that a command returned.
///
/// ```
/// # use es_core::{Aggregate, Answer, Apply, Command, Event, Project, Projection, Query, RecordedEvent, Repository};
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
/// # #[derive(Debug, Default, Projection)]
/// # #[projection(name = "grand-total", events(CounterIncreased))]
/// # pub struct GrandTotal { sum: u64 }
/// # impl Project<CounterIncreased> for GrandTotal {
/// #     fn project(&mut self, event: CounterIncreased, _: &RecordedEvent) { self.sum += u64::from(event.by); }
/// # }
/// # pub struct GetGrandTotal;
/// # impl Query for GetGrandTotal { type Answer = u64; }
/// # impl Answer<GetGrandTotal> for GrandTotal { fn answer(&self, _: GetGrandTotal) -> u64 { self.sum } }
/// use es_core::ProjectionRunner;
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let counters = Repository::<Counter, _>::new(store.clone());
/// let totals = ProjectionRunner::new(store, GrandTotal::default());
///
/// let done = counters.execute("visits", Increase { by: 2 }).await?;
/// totals.wait_for(done.position).await?;
/// assert_eq!(totals.query(GetGrandTotal), 2);
/// # Ok(()) }
/// ```
pub struct ProjectionRunner<P, S, C = Json> {
    shared: Arc<Shared<P, S, C>>,
}

struct Shared<P, S, C> {
    store: S,
    codec: C,
    /// What the projection lists; everything else only moves the checkpoint.
    filter: EventFilter,
    read_model: RwLock<ReadModel<P>>,
}

struct ReadModel<P> {
    projection: P,
    checkpoint: Position,
    /// How much of what the event after the checkpoint is read as went in before the rest of it failed.
    parts: usize,
}

#[cfg(feature = "json")]
impl<P: Projection, S> ProjectionRunner<P, S> {
    /// A runner that starts at the beginning of the log, with JSON payloads.
    pub fn new(store: S, projection: P) -> Self {
        Self::resume(store, projection, Position::START)
    }

    /// A runner whose `projection` has already seen the log up to `checkpoint`, with JSON payloads.
    pub fn resume(store: S, projection: P, checkpoint: Position) -> Self {
        Self::with_codec(store, Json, projection, checkpoint)
    }
}

impl<P: Projection, S, C: Codec> ProjectionRunner<P, S, C> {
    /// A runner whose `projection` has already seen the log up to `checkpoint`.
    pub fn with_codec(store: S, codec: C, projection: P, checkpoint: Position) -> Self {
        let read_model = RwLock::new(ReadModel { projection, checkpoint, parts: 0 });
        let filter = EventFilter::all().models(P::MODEL.events).models(P::MODEL.split);
        Self { shared: Arc::new(Shared { store, codec, filter, read_model }) }
    }

    /// The position that the read model has seen.
    pub fn checkpoint(&self) -> Position {
        self.seen(|read_model| read_model.checkpoint)
    }

    /// Answers a query from what the read model has seen so far.
    ///
    /// Nothing is projected meanwhile, so an answer must not ask this runner itself.
    pub fn query<Q: Query>(&self, query: Q) -> Q::Answer
    where
        P: Answer<Q>,
    {
        self.seen(|read_model| read_model.projection.answer(query))
    }

    /// Looks at the read model and its checkpoint together, for example to save both.
    ///
    /// Nothing is projected meanwhile, so `look` must not ask this runner itself.
    pub fn read<T>(&self, look: impl FnOnce(&P, Position) -> T) -> T {
        self.seen(|read_model| look(&read_model.projection, read_model.checkpoint))
    }

    fn seen<T>(&self, look: impl FnOnce(&ReadModel<P>) -> T) -> T {
        // A `project` that panicked has not moved the checkpoint beyond the events that are in the read model.
        look(&self.shared.read_model.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<P: Projection, S: EventStore, C: Codec> ProjectionRunner<P, S, C> {
    /// Projects everything up to the head that the log has now, and returns the checkpoint.
    ///
    /// # Errors
    /// See [`ProjectionError`]; the checkpoint then stands before the event that failed.
    pub async fn catch_up(&self) -> Result<Position, ProjectionError> {
        let (mut head, mut limit) = (None, PAGE);
        loop {
            let range = ReadLog::after(self.checkpoint()).limit(limit).filter(self.shared.filter.clone());
            let mut failed = None;
            let mut visit = |events: &[RecordedEvent]| match self.project(events) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            };
            let page = match self.shared.store.visit_log(range, &mut visit).await {
                Ok(page) => page,
                // One event fails the page that it is in; those before it are then projected one by one.
                Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. }) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(error) = failed {
                return Err(error.into());
            }
            // Events that are appended meanwhile are for the next call, or a busy store would keep this one for ever.
            let head = *head.get_or_insert(page.head);
            let mut guard = self.shared.read_model.write().unwrap_or_else(PoisonError::into_inner);
            let ReadModel { checkpoint, .. } = &mut *guard;
            *checkpoint = page.through.max(*checkpoint);
            if *checkpoint >= head {
                return Ok(*checkpoint);
            }
        }
    }

    fn project(&self, events: &[RecordedEvent]) -> Result<(), DecodeError> {
        let mut guard = self.shared.read_model.write().unwrap_or_else(PoisonError::into_inner);
        let ReadModel { projection, checkpoint, parts } = &mut *guard;
        for read_as in events.chunk_by(|event, next| event.position == next.position) {
            // Another task may have been here with the same events.
            if read_as[0].position > *checkpoint {
                // What stands between has been read as well, and is not the projection's.
                *checkpoint = Position::new(read_as[0].position.get() - 1).max(*checkpoint);
                for event in read_as.iter().skip(*parts) {
                    projection.project_event(&self.shared.codec, event)?;
                    *parts += 1;
                }
                (*checkpoint, *parts) = (read_as[0].position, 0);
            }
        }
        Ok(())
    }
}

impl<P, S: Subscribe, C> ProjectionRunner<P, S, C> {
    /// Waits for an event after `position`.
    pub(crate) async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.shared.store.appended_after(position).await
    }
}

impl<P: Projection, S: Subscribe, C: Codec> ProjectionRunner<P, S, C> {
    /// Returns when the read model has seen `position`, driving it there if nobody else does.
    ///
    /// A position that is never appended is waited for without end; put a timeout of your runtime around it.
    ///
    /// # Errors
    /// See [`ProjectionError`].
    pub async fn wait_for(&self, position: Position) -> Result<(), ProjectionError> {
        while self.checkpoint() < position {
            let seen = self.catch_up().await?;
            if seen < position {
                self.shared.store.appended_after(seen).await?;
            }
        }
        Ok(())
    }

    /// Keeps the read model up with the log until an error; drop the future to stop.
    ///
    /// # Errors
    /// See [`ProjectionError`].
    pub async fn run(&self) -> Result<Infallible, ProjectionError> {
        loop {
            let seen = self.catch_up().await?;
            self.shared.store.appended_after(seen).await?;
        }
    }
}

impl<P, S, C> Clone for ProjectionRunner<P, S, C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P: Projection, S, C: Codec> fmt::Debug for ProjectionRunner<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionRunner")
            .field("projection", &P::NAME)
            .field("checkpoint", &self.checkpoint())
            .finish_non_exhaustive()
    }
}

/// Why a projection stopped; its read model holds everything up to its checkpoint.
///
/// Where a stored event is [read as several](crate::StreamUpcaster) and one of them fails, those before it are in the read
/// model as well: this runner does not project them again, but one that is resumed with a read model saved just then does.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectionError {
    /// The store could not be read or watched.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An event of the projection could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}
