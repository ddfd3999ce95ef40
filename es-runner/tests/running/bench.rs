//! What the tests run: a log, a processor whose effects and checkpoint change together, and a clock that is the runtime's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{Appended, CheckpointName, EventFilter, EventStore, LogPage, ReadError, ReadLog, Subscribe};
use es_core::{
    Clock, EventId, EventName, EventProcessor, ExpectedVersion, Metadata, NewEvent, Payload, Position, ProcessorError,
    Rebuild, RecordedEvent, StreamId, Successor, Timestamp,
};
use es_memory_store::MemoryStore;
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) const LONG: Duration = Duration::from_secs(3600);

pub(crate) fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

pub(crate) fn p(position: u64) -> Position {
    Position::new(position)
}

/// The time of the runtime, which a test may have stopped.
pub(crate) fn runtime_clock() -> impl Clock + Clone {
    let began = Instant::now();
    move || Timestamp::from_micros(i64::try_from(began.elapsed().as_micros()).unwrap())
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Appends one event with that text to the stream `account-{id}`, whatever is there.
pub(crate) async fn put(store: &impl EventStore, id: impl std::fmt::Display, text: &str) -> Position {
    put_in(store, "account", id, text).await
}

pub(crate) async fn put_in(
    store: &impl EventStore,
    category: &str,
    id: impl std::fmt::Display,
    text: &str,
) -> Position {
    let event = NewEvent {
        id: EventId::new(Uuid::from_u64_pair(7, NUMBER.fetch_add(1, SeqCst))),
        name: EventName::from_static("happened"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: Payload::copy_from_slice(text.as_bytes()),
    };
    store
        .append(&StreamId::new(category, id).unwrap(), ExpectedVersion::Any, vec![event])
        .await
        .unwrap()
        .position
        .unwrap()
}

/// `events` events, spread over `streams` streams.
pub(crate) async fn fill(store: &impl EventStore, events: u64, streams: u64) -> Position {
    let mut last = Position::START;
    for number in 0..events {
        last = put(store, number % streams, "fine").await;
    }
    last
}

/// What is wrong with some events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// `handle` says that the event cannot be processed.
    Event,
    /// `handle` panics.
    Panic,
    /// `commit` panics.
    PanicInCommit,
    /// `keys` says that the event cannot be read.
    Keys,
    /// `keys` panics.
    PanicInKeys,
}

/// What a processor has done: it changes as a whole, as a transaction does.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) checkpoint: Option<Position>,
    pub(crate) effects: Vec<(u64, String)>,
    pub(crate) commits: Vec<(Option<u64>, u64)>,
    pub(crate) batches: Vec<Vec<u64>>,
    pub(crate) silent_to: Position,
}

/// A processor that notes what it has processed.
#[derive(Debug)]
pub(crate) struct Notes {
    name: CheckpointName,
    filter: EventFilter,
    /// What the instances of all nodes have in common.
    pub(crate) model: Arc<Mutex<Model>>,
    pub(crate) wrong: Arc<Mutex<BTreeMap<u64, Wrong>>>,
    pub(crate) handled: AtomicUsize,
    at_work: Mutex<BTreeSet<String>>,
    pub(crate) most_at_work: AtomicUsize,
    pub(crate) pause: Duration,
}

impl Notes {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            name: name(text),
            filter: EventFilter::all(),
            model: Arc::default(),
            wrong: Arc::default(),
            handled: AtomicUsize::new(0),
            at_work: Mutex::default(),
            most_at_work: AtomicUsize::new(0),
            pause: Duration::ZERO,
        }
    }

    pub(crate) fn filtered(self, filter: EventFilter) -> Self {
        Self { filter, ..self }
    }

    /// Each part of a batch takes so long.
    pub(crate) fn pausing(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Another node's instance of the same processor.
    pub(crate) fn twin(&self) -> Self {
        let (model, wrong) = (Arc::clone(&self.model), Arc::clone(&self.wrong));
        Self { model, wrong, filter: self.filter.clone(), pause: self.pause, ..Self::new(self.name.as_str()) }
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap()
    }

    pub(crate) fn breaks(&self, position: u64, wrong: Wrong) {
        self.wrong.lock().unwrap().insert(position, wrong);
    }

    pub(crate) fn mends(&self, position: u64) {
        self.wrong.lock().unwrap().remove(&position);
    }

    fn wrong(&self, event: &RecordedEvent) -> Option<Wrong> {
        self.wrong.lock().unwrap().get(&event.position.get()).copied()
    }

    /// The positions of the effects, in the order in which they were had.
    pub(crate) fn effects(&self) -> Vec<u64> {
        self.model().effects.iter().map(|(position, _)| *position).collect()
    }

    /// The same, sorted by position; handled side by side, parts of a batch come one after the other.
    pub(crate) fn sorted(&self) -> Vec<u64> {
        let mut effects = self.effects();
        effects.sort_unstable();
        effects
    }

    /// That the effects of each stream came in the order of the log.
    pub(crate) fn assert_order(&self) {
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for (position, stream) in &self.model().effects {
            let before = last.insert(stream.clone(), *position);
            assert!(before < Some(*position), "{stream}: {position} came after {before:?}");
        }
    }

    fn at_fault(&self, event: &RecordedEvent, cause: &str) -> ProcessorError {
        ProcessorError::Event { processor: self.name.clone(), at: event.into(), cause: cause.into() }
    }
}

/// Keys that are being handled; nobody else handles them meanwhile.
struct AtWork<'n>(&'n Notes, BTreeSet<String>);

impl<'n> AtWork<'n> {
    fn begin(notes: &'n Notes, keys: BTreeSet<String>) -> Self {
        let mut at_work = notes.at_work.lock().unwrap();
        for key in &keys {
            assert!(at_work.insert(key.clone()), "{key} is handled twice at once");
        }
        Self(notes, keys)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if let Ok(mut at_work) = self.0.at_work.lock() {
            at_work.retain(|key| !self.1.contains(key));
        }
    }
}

#[async_trait]
impl EventProcessor for Notes {
    type Work = Vec<RecordedEvent>;

    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn filter(&self) -> EventFilter {
        self.filter.clone()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        match self.wrong(event) {
            Some(Wrong::Keys) => return Err(self.at_fault(event, "it has no keys")),
            Some(Wrong::PanicInKeys) => panic!("no keys at all"),
            _ => {}
        }
        let mut keys = vec![event.stream.as_str().to_owned()];
        let text = std::str::from_utf8(&event.payload).unwrap();
        keys.extend(text.strip_prefix("with ").map(|other| format!("account-{other}")));
        Ok(keys)
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        Ok(self.model().checkpoint)
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<Vec<RecordedEvent>, ProcessorError> {
        let keys: Vec<String> = events.iter().flat_map(|event| self.keys(event).unwrap()).collect();
        let at_work = AtWork::begin(self, keys.into_iter().collect());
        self.handled.fetch_add(events.len(), SeqCst);
        self.most_at_work.fetch_max(self.at_work.lock().unwrap().len(), SeqCst);
        tokio::task::yield_now().await;
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        drop(at_work);
        for event in events {
            match self.wrong(event) {
                Some(Wrong::Event) => return Err(self.at_fault(event, "the amount is missing")),
                Some(Wrong::Panic) => panic!("nobody thought of this"),
                _ => {}
            }
        }
        Ok(events.to_vec())
    }

    async fn commit(
        &self,
        work: Vec<Vec<RecordedEvent>>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        let events: Vec<RecordedEvent> = work.into_iter().flatten().collect();
        for event in &events {
            assert!(self.wrong(event) != Some(Wrong::PanicInCommit), "the commit cannot do this");
        }
        let mut model = self.model();
        if model.checkpoint != expected {
            let (processor, actual) = (self.name.clone(), model.checkpoint);
            return Err(ProcessorError::Superseded { processor, expected, actual });
        }
        model.checkpoint = Some(through);
        model.commits.push((expected.map(Position::get), through.get()));
        model.batches.push(events.iter().map(|event| event.position.get()).collect());
        let silent_to = model.silent_to;
        for event in events.iter().filter(|event| event.position > silent_to) {
            model.effects.push((event.position.get(), event.stream.as_str().to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Rebuild for Notes {
    async fn clear(&self) -> Result<(), ProcessorError> {
        let mut model = self.model();
        model.checkpoint = None;
        model.effects.clear();
        Ok(())
    }
}

impl Successor for Notes {
    fn replay_through(&self, mark: Position) {
        let mut model = self.model();
        model.silent_to = model.silent_to.max(mark);
    }
}

/// Counts the reads of the log that can give events.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) store: MemoryStore,
    pub(crate) reads: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self { store, reads: Arc::default() }
    }
}

#[async_trait]
impl EventStore for Counted {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, es_core::store::AppendError> {
        self.store.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        range: es_core::store::ReadStream,
    ) -> Result<es_core::store::StreamPage, ReadError> {
        self.store.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.reads.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        self.store.read_log(range).await
    }

    fn limits(&self) -> es_core::store::Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl Subscribe for Counted {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
    }
}
