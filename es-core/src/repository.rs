//! The write driver: loads an aggregate, lets it decide about a command, and appends what happens.

mod cache;
mod decide;
mod execute;
mod fold;
mod hot;
mod load;
mod once;
mod options;
mod retry;
mod snapshot_failure;
mod snapshots;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::aggregate::Aggregate;
use crate::codec::{Codec, Json};
use crate::id::{IdSource, UuidV7};
use crate::time::{Clock, SystemClock};

pub use self::execute::{ExecuteError, Executed};
pub use self::load::{AsOf, LoadError, Loaded};
pub use self::options::CommandOptions;
pub use self::retry::RetryBudget;
pub use self::snapshot_failure::SnapshotFailure;

use self::cache::Cache;
use self::snapshots::Snapshots;

/// The aggregates of one type in one store.
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
/// use es_core::Repository;
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let counters = Repository::<Counter, _>::new(MemoryStore::new());
/// counters.execute("visits", Increase { by: 2 }).await?;
/// let done = counters.execute("visits", Increase { by: 3 }).await?;
/// assert_eq!(done.version.get(), 2);
/// assert_eq!(counters.load("visits").await?.state().total, 5);
/// assert_eq!(counters.load_at("visits", 1).await?.state().total, 2);
/// # Ok(()) }
/// ```
pub struct Repository<A, S, C = Json> {
    store: S,
    codec: C,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    retry: RetryBudget,
    snapshots: Snapshots<A, C>,
    cache: Option<Cache<A>>,
    aggregate: PhantomData<fn() -> A>,
}

#[cfg(feature = "json")]
impl<A: Aggregate, S> Repository<A, S> {
    /// The aggregates in `store`, with JSON payloads, the system's clock and UUIDs of version 7.
    pub fn new(store: S) -> Self {
        Self::with_codec(store, Json)
    }
}

impl<A: Aggregate, S, C: Codec> Repository<A, S, C> {
    /// The aggregates in `store`, with payloads in the format of `codec`.
    pub fn with_codec(store: S, codec: C) -> Self {
        Self {
            store,
            codec,
            clock: Arc::new(SystemClock),
            ids: Arc::new(UuidV7::default()),
            retry: RetryBudget::default(),
            snapshots: Snapshots::default(),
            cache: None,
            aggregate: PhantomData,
        }
    }

    /// Takes the time of new events from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes the ids of new events and commands from `ids`.
    #[must_use]
    pub fn with_ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// How often a command is decided again when someone else was faster.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryBudget) -> Self {
        self.retry = retry;
        self
    }

    /// Remembers the state of about so many aggregates, those that are used most, so that a command on one of them
    /// reads nothing before it appends.
    ///
    /// Clones of the repository share what is remembered.
    /// A command is decided on what is remembered, and its events are applied to that once they are stored, as they will
    /// be read back. If that panics, the aggregate is forgotten.
    /// What is remembered is believed no further than the log bears out:
    ///
    /// - Somebody else has appended: the append is a conflict, which reads what came, and decides again.
    ///   This conflict is not one of the [budget](RetryBudget), because nobody was faster, we were late.
    /// - The command is refused, or changes nothing: what came is read first, and the command decided again, so that no
    ///   answer is older than the log.
    /// - The events of the stream may be read as others than were appended, which a store
    ///   [says](crate::store::EventStore::reads_as_appended): what came is read before each command.
    /// - [`load`](Self::load) reads what came.
    ///
    /// Restart after a log was replaced by an older one: of a stream that is as long as before, nothing tells that.
    ///
    /// ```
    /// # use es_core::{Aggregate, Apply, Command, Event};
    /// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
    /// # #[event(name = "counter-increased")]
    /// # pub struct CounterIncreased { pub by: u32 }
    /// # #[derive(Debug, Clone, Command)]
    /// # #[command(emits = CounterIncreased)]
    /// # pub struct Increase { pub by: u32 }
    /// # #[derive(Debug, Default, Clone, Aggregate)]
    /// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
    /// #             events(CounterIncreased), commands(Increase))]
    /// # pub struct Counter { total: u32 }
    /// # impl Apply<CounterIncreased> for Counter {
    /// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
    /// # }
    /// use es_core::Repository;
    /// use es_memory_store::MemoryStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let counters = Repository::<Counter, _>::new(MemoryStore::new()).with_cache(10_000);
    /// counters.execute("visits", Increase { by: 2 }).await?;
    /// counters.execute("visits", Increase { by: 3 }).await?; // reads nothing
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_cache(mut self, aggregates: usize) -> Self
    where
        A: Clone,
    {
        self.cache = (aggregates > 0).then(|| Cache::new(aggregates));
        self
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }
}

impl<A, S: Clone, C: Clone> Clone for Repository<A, S, C> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            codec: self.codec.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            retry: self.retry.clone(),
            snapshots: self.snapshots.clone(),
            cache: self.cache.clone(),
            aggregate: PhantomData,
        }
    }
}

impl<A: Aggregate, S: fmt::Debug, C: fmt::Debug> fmt::Debug for Repository<A, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("aggregate", &A::NAME)
            .field("store", &self.store)
            .field("codec", &self.codec)
            .field("retry", &self.retry)
            .field("snapshots", &self.snapshots)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}
