//! The store that a check is about, and what checks do with it all the time.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use es_core::store::{
    Appended, CheckpointName, CheckpointStore, EventFilter, EventStore, FailureStore, InlineAppend, LeaseStore,
    MultiStreamAppend, ReadLog, ReadModelStore, ReadStream, SnapshotStore, Subscribe,
};
use es_core::{EventId, EventName, NewEvent, Position, RecordedEvent, StreamId, Version};

use super::executor::{Executor, Task};
use super::numbered::{event, event_id, put};
use super::offered::Stores;
use super::rules::{broken, rule};
use super::transactions::Transactions;

/// How many pages a check reads before it says that the store does not get on.
const PAGES: usize = 100_000;

/// Opens one more handle on the storage of the check.
pub(super) type Open = Rc<dyn Fn() -> Pin<Box<dyn Future<Output = Stores>>>>;

/// The store that a check is about, with streams, names and ids that nobody else uses.
pub struct Subject {
    /// Nothing only while the store is closed.
    handle: Option<Stores>,
    open: Open,
    executor: Executor,
    salt: u64,
    floor: Position,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("handle", &self.handle).field("salt", &self.salt).finish_non_exhaustive()
    }
}

/// What can be awaited for long enough to fail.
pub(super) fn works<T, E: fmt::Debug>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what} failed: {error:?}"))
}

impl Subject {
    pub(super) async fn new(open: Open, executor: Executor) -> Self {
        let handle = Some(open().await);
        let salt = RandomState::new().hash_one("conformance");
        let mut subject = Self { handle, open, executor, salt, floor: Position::START };
        subject.floor = subject.head().await;
        subject
    }

    /// The store.
    pub(super) fn store(&self) -> &Arc<dyn EventStore> {
        &self.handle().store
    }

    pub(super) fn subscribe(&self) -> Arc<dyn Subscribe> {
        Arc::clone(self.handle().subscribe.as_ref().expect("a check of rules 23 to 25 needs `subscribe`"))
    }

    pub(super) fn checkpoints(&self) -> Arc<dyn CheckpointStore> {
        Arc::clone(self.handle().checkpoints.as_ref().expect("a check of rules 26 to 29 needs `checkpoints`"))
    }

    pub(super) fn several(&self) -> Arc<dyn MultiStreamAppend> {
        Arc::clone(self.handle().several.as_ref().expect("a check of rules 30 to 34 needs `multi_stream_append`"))
    }

    pub(super) fn snapshots(&self) -> Arc<dyn SnapshotStore> {
        Arc::clone(self.handle().snapshots.as_ref().expect("a check of rules S1 to S7 needs `snapshots`"))
    }

    pub(super) fn read_models(&self) -> Arc<dyn ReadModelStore> {
        Arc::clone(self.handle().read_models.as_ref().expect("a check of rules M1 to M11 needs `read_models`"))
    }

    pub(super) fn inline(&self) -> Arc<dyn InlineAppend> {
        Arc::clone(self.handle().inline.as_ref().expect("a check of rules N1 to N3 needs `inline_append`"))
    }

    pub(super) fn leases(&self) -> Arc<dyn LeaseStore> {
        Arc::clone(self.handle().leases.as_ref().expect("a check of rules L1 to L6 needs `leases`"))
    }

    pub(super) fn transactions(&self) -> Arc<dyn Transactions> {
        Arc::clone(self.handle().transactions.as_ref().expect("a check of rules T1 and T2 needs `transactions`"))
    }

    pub(super) fn failures(&self) -> Arc<dyn FailureStore> {
        Arc::clone(self.handle().failures.as_ref().expect("a check of rules F1 to F7 needs `failures`"))
    }

    pub(super) fn has_leases(&self) -> bool {
        self.handle().leases.is_some()
    }

    pub(super) fn has_failures(&self) -> bool {
        self.handle().failures.is_some()
    }

    /// Whether it knows the ids of other streams; says so, if it does not.
    pub(super) fn has_ids_across_streams(&self) -> bool {
        let has = !self.handle().ids_within_streams;
        if !has {
            super::note("the store has no `ids_across_streams`");
        }
        has
    }

    pub(super) fn maybe_subscribe(&self) -> Option<&Arc<dyn Subscribe>> {
        self.handle().subscribe.as_ref()
    }

    pub(super) fn maybe_checkpoints(&self) -> Option<&Arc<dyn CheckpointStore>> {
        self.handle().checkpoints.as_ref()
    }

    pub(super) fn maybe_several(&self) -> Option<&Arc<dyn MultiStreamAppend>> {
        self.handle().several.as_ref()
    }

    pub(super) fn maybe_snapshots(&self) -> Option<&Arc<dyn SnapshotStore>> {
        self.handle().snapshots.as_ref()
    }

    pub(super) fn maybe_read_models(&self) -> Option<&Arc<dyn ReadModelStore>> {
        self.handle().read_models.as_ref()
    }

    /// The same check with another handle on the same storage, opened beside the first.
    pub(super) async fn second(&self) -> Self {
        let (handle, open) = (Some((self.open)().await), Rc::clone(&self.open));
        Self { handle, open, executor: self.executor, salt: self.salt, floor: self.floor }
    }

    /// Drops the handle, and opens another on the same storage.
    pub(super) async fn reopen(&mut self) {
        self.handle = None;
        self.handle = Some((self.open)().await);
    }

    fn handle(&self) -> &Stores {
        self.handle.as_ref().expect("the store is open")
    }

    pub(super) fn spawn<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
        self.executor.spawn(future)
    }

    /// Runs `task(0)`, `task(1)`, … at once and collects what they return.
    pub(super) async fn at_once<T, F>(&self, tasks: u64, task: impl Fn(u64) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let tasks: Vec<_> = (0..tasks).map(|number| self.spawn(task(number))).collect();
        let mut results = Vec::with_capacity(tasks.len());
        for task in tasks {
            results.push(task.await);
        }
        results
    }

    /// A random number that is the check's own.
    pub(super) fn salt(&self) -> u64 {
        self.salt
    }

    /// The head of the log before the check wrote anything.
    pub(super) fn floor(&self) -> Position {
        self.floor
    }

    /// A category of the check's own; those with other texts differ by more than their end.
    pub(super) fn category(&self, text: &str) -> String {
        format!("t{:016x}{text}", self.salt)
    }

    /// A stream of the check's own.
    pub(super) fn stream(&self, id: &str) -> StreamId {
        self.stream_in("", id)
    }

    /// A stream of the check's own, in the category with that text.
    pub(super) fn stream_in(&self, category: &str, id: &str) -> StreamId {
        works(StreamId::new(&self.category(category), id), "naming a stream")
    }

    /// An event name of the check's own.
    pub(super) fn name(&self, text: &str) -> EventName {
        works(EventName::new(&format!("{text}.{:016x}", self.salt)), "naming an event")
    }

    /// A checkpoint of the check's own.
    pub(super) fn checkpoint(&self, text: &str) -> CheckpointName {
        works(CheckpointName::new(&format!("t{:016x}{text}", self.salt)), "naming a checkpoint")
    }

    /// The id of the event with that number.
    pub(super) fn id(&self, number: u64) -> EventId {
        event_id(self.salt, number)
    }

    /// The event with that number, which is its payload.
    pub(super) fn event(&self, number: u64) -> NewEvent {
        event(self.salt, number)
    }

    pub(super) fn events(&self, numbers: impl IntoIterator<Item = u64>) -> Vec<NewEvent> {
        numbers.into_iter().map(|number| self.event(number)).collect()
    }

    /// Appends the events with these numbers, whatever is there.
    pub(super) async fn put(&self, stream: &StreamId, numbers: impl IntoIterator<Item = u64>) -> Appended {
        put(&**self.store(), self.salt, stream, numbers).await
    }

    /// All events of a stream, read in pages of the store's choice.
    pub(super) async fn whole(&self, stream: &StreamId) -> Vec<RecordedEvent> {
        let (mut range, mut events) = (ReadStream::all(), Vec::new());
        for _ in 0..PAGES {
            let page = works(self.store().read_stream(stream, range.clone()).await, "reading a stream");
            events.extend(page.events);
            if page.is_end {
                return events;
            }
            rule!(13, page.through > range.after, "a page of `{stream}` after {} does not advance", range.after);
            range = range.resume(page.through);
        }
        broken(22, &format!("stream `{stream}` has no end"))
    }

    /// The version of a stream.
    pub(super) async fn version(&self, stream: &StreamId) -> Version {
        works(self.store().read_stream(stream, ReadStream::all().limit(0)).await, "reading a stream").version
    }

    /// The head of the log.
    pub(super) async fn head(&self) -> Position {
        works(self.store().read_log(ReadLog::all().limit(0)).await, "reading the log").head
    }

    /// All events since the check began, those of others among them.
    pub(super) async fn log(&self) -> Vec<RecordedEvent> {
        let (mut range, mut events) = (ReadLog::after(self.floor), Vec::new());
        for _ in 0..PAGES {
            let page = works(self.store().read_log(range.clone()).await, "reading the log");
            events.extend(page.events);
            if page.is_end {
                return events;
            }
            rule!(13, page.through > range.after, "a page of the log after {} does not advance", range.after);
            range = range.resume(page.through);
        }
        broken(22, "the log has no end")
    }

    /// The events of the check in the log.
    pub(super) async fn own(&self) -> Vec<RecordedEvent> {
        let mut events = self.log().await;
        events.retain(|event| self.is_own(event));
        events
    }

    /// Whether an event is one of the check.
    pub(super) fn is_own(&self, event: &RecordedEvent) -> bool {
        event.stream.category().starts_with(&self.category(""))
    }

    /// All categories of the check that are named.
    pub(super) fn filter(&self, categories: &[&str]) -> EventFilter {
        EventFilter::all().categories(categories.iter().map(|text| self.category(text)))
    }
}
