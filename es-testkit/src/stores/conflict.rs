//! `ConflictStore`: somebody else is always faster, a given number of times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Expectation, InlineAppend, InlineProjections, Limits, LogPage, MultiAppend,
    MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage, Violation,
};
use es_core::{ExpectedVersion, NewEvent, StreamId, Version};

/// A store around another, whose first appends report a conflict though nobody has changed anything.
///
/// It tests what a caller does about conflicts, without a race and so the same each time.
/// Appends to one stream and to several are counted together.
/// One that expects nothing cannot be in conflict, so it goes through and is not counted.
/// The version that a conflict reports is one that breaks the expectation, not the one that the stream has: this is the
/// one rule of the [contract](es_core::store) that the store breaks.
/// Cloning gives another handle to the same count.
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
/// use es_core::{ExecuteError, Repository, RetryBudget};
/// use es_memory_store::MemoryStore;
/// use es_testkit::stores::ConflictStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = ConflictStore::new(MemoryStore::new(), 3);
/// let counters = Repository::<Counter, _>::new(store).with_retry(RetryBudget::attempts(2));
/// let unlucky = counters.execute("visits", Increase { by: 1 }).await;
/// assert!(matches!(unlucky, Err(ExecuteError::Conflict { attempts: 2, .. })));
///
/// // One conflict is left, and the second attempt succeeds.
/// assert_eq!(counters.execute("visits", Increase { by: 1 }).await?.version.get(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ConflictStore<S> {
    store: S,
    left: Arc<AtomicUsize>,
}

impl<S> ConflictStore<S> {
    /// A store whose first `conflicts` appends are in conflict.
    pub fn new(store: S, conflicts: usize) -> Self {
        Self { store, left: Arc::new(AtomicUsize::new(conflicts)) }
    }

    /// The store below.
    pub fn inner(&self) -> &S {
        &self.store
    }

    /// How many conflicts are still to come.
    pub fn left(&self) -> usize {
        self.left.load(Relaxed)
    }

    fn takes_one(&self) -> bool {
        self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// A version that is not as expected, if there is one.
fn against(expected: ExpectedVersion) -> Option<Version> {
    let choices = match expected {
        ExpectedVersion::Exact(version) => [version.next(), Version::EMPTY],
        _ => [Version::new(1), Version::EMPTY],
    };
    choices.into_iter().find(|version| !expected.accepts(*version))
}

#[async_trait]
impl<S: EventStore> EventStore for ConflictStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        match against(expected) {
            Some(actual) if self.takes_one() => Err(AppendError::Conflict { stream: stream.clone(), expected, actual }),
            _ => self.store.append(stream, expected, events).await,
        }
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.store.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.store.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl<S: MultiStreamAppend> MultiStreamAppend for ConflictStore<S> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        self.pass(&batch)?;
        self.store.append_multi(batch).await
    }
}

impl<S> ConflictStore<S> {
    /// Lets an append to several streams through, or reports the next conflict.
    fn pass(&self, batch: &MultiAppend) -> Result<(), MultiAppendError> {
        let parts = batch.appends.iter().chain(&batch.checks);
        let violated = parts.filter_map(|Expectation { stream, expected }| {
            let (stream, expected) = (stream.clone(), *expected);
            against(expected).map(|actual| Violation { stream, expected, actual })
        });
        let violations: Vec<_> = violated.collect();
        let is_let_through = violations.is_empty() || !self.takes_one();
        if is_let_through { Ok(()) } else { Err(MultiAppendError::Conflict { violations }) }
    }
}

#[async_trait]
impl<S: InlineAppend> InlineAppend for ConflictStore<S> {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        match against(expected) {
            Some(actual) if self.takes_one() => Err(AppendError::Conflict { stream: stream.clone(), expected, actual }),
            _ => self.store.append_inline(stream, expected, events, projections).await,
        }
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.pass(&batch)?;
        self.store.append_multi_inline(batch, projections).await
    }
}

es_core::forward_store! {
    [S] ConflictStore<S>, |conflicting| conflicting.store =>
    Subscribe, CheckpointStore, ReadModelStore, SnapshotStore, LeaseStore, FailureStore
}
