//! `MemoryStore`: the log behind a lock, and the wake-up of those who wait for it to grow. What an append or a read
//! means is decided by the log.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, EventVisitor, Limits, LogPage,
    MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage,
    Subscribe,
};
use es_core::{Clock, ExpectedVersion, NewEvent, Position, StreamId, SystemClock, Timestamp};
use event_listener::Event;

use crate::checkpoints::Checkpoints;
use crate::failures::Failures;
use crate::leases::Leases;
use crate::log::Log;
use crate::read_models::ReadModels;
use crate::snapshots::Snapshots;

/// An event store in memory.
///
/// Cloning gives another handle to the same events, which are gone with the last handle.
/// It keeps the [contract](es_core::store) of all stores, and its positions have no gaps.
///
/// A read copies handles, not payloads, and one that [visits](EventStore::visit_stream) copies next to nothing; neither
/// holds a writer up for longer than it takes to look at 256 events.
/// One with a filter looks at the events one after the other, 65 536 at most for a page.
/// An event takes about 128 bytes beside its payload and its metadata, measured with up to a million events in 1000
/// streams, and up to 21 more if its id is below one that came before it.
///
/// An append is refused with [`LimitExceeded`](AppendError::LimitExceeded) if it has more than 10 000 events or a
/// payload of more than 16 MiB; [`with_limits`](MemoryStore::with_limits) chooses other limits.
///
/// ```
/// use es_core::store::{EventStore, ReadStream};
/// use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let stream = StreamId::new("account", "ada")?;
/// let opened = NewEvent {
///     id: "018f4d3c-0000-7000-8000-000000000001".parse()?,
///     name: EventName::from_static("account-opened"),
///     schema_version: 1,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     metadata: Metadata::new(),
///     payload: r#"{"owner":"Ada"}"#.into(),
/// };
///
/// let appended = store.append(&stream, ExpectedVersion::NoStream, vec![opened]).await?;
/// assert_eq!(appended.version.get(), 1);
///
/// let page = store.read_stream(&stream, ReadStream::all()).await?;
/// assert_eq!(page.events[0].payload, r#"{"owner":"Ada"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

struct Shared {
    log: RwLock<Log>,
    /// Locked after the log, if both are.
    kept: Mutex<Kept>,
    leases: Mutex<Leases>,
    failures: Mutex<Failures>,
    appended: Event,
    snapshots: Snapshots,
    limits: Limits,
}

/// What readers keep: how far they have come, and what they made of it.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) checkpoints: Checkpoints,
    pub(crate) read_models: ReadModels,
}

/// How often a lock is asked for before a thread goes to sleep for it.
const TRIES: usize = 64;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::with_limits(Limits { payload_bytes: 16 * 1024 * 1024, batch_events: 10_000 })
    }

    /// An empty store that accepts no more than `limits`.
    ///
    /// ```
    /// use es_core::store::{EventStore, Limits};
    /// use es_memory_store::MemoryStore;
    ///
    /// let small = Limits { payload_bytes: 64 * 1024, ..MemoryStore::new().limits() };
    /// assert_eq!(MemoryStore::with_limits(small).limits(), small);
    /// ```
    pub fn with_limits(limits: Limits) -> Self {
        let (log, kept, snapshots) = (RwLock::default(), Mutex::default(), Snapshots::default());
        let (leases, failures, appended) = (Mutex::default(), Mutex::default(), Event::new());
        let shared = Shared { log, kept, leases, failures, appended, snapshots, limits };
        Self { shared: Arc::new(shared), clock: Arc::new(SystemClock) }
    }

    /// The same store, where leases end by another clock than that of the operating system.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn leases(&self) -> MutexGuard<'_, Leases> {
        // Nothing can panic while the map is half changed.
        self.shared.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn failures(&self) -> MutexGuard<'_, Failures> {
        // As above.
        self.shared.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.shared.snapshots
    }

    pub(crate) fn log(&self) -> RwLockReadGuard<'_, Log> {
        // The lock is poisoned only by a panic during an append, which cannot panic while the log is half changed.
        let log = &self.shared.log;
        soon(|| log.try_read()).unwrap_or_else(|| log.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the log, and wakes those who wait if it has grown.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let (changed, has_grown) = {
            // Poisoned: see `log`.
            let log = &self.shared.log;
            let mut log: RwLockWriteGuard<'_, Log> =
                soon(|| log.try_write()).unwrap_or_else(|| log.write().unwrap_or_else(PoisonError::into_inner));
            let head = log.head();
            (change(&mut log), log.head() > head)
        };
        if has_grown {
            self.shared.appended.notify(usize::MAX);
        }
        changed
    }

    pub(crate) fn limits_of(&self) -> Limits {
        self.shared.limits
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing can panic while a map is half changed.
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries for about as long as an append takes. Whoever sleeps instead, and has to be woken, loses several times as much.
fn soon<T>(mut attempt: impl FnMut() -> Result<T, TryLockError<T>>) -> Option<T> {
    for _ in 0..TRIES {
        match attempt() {
            Ok(locked) => return Some(locked),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => (0..16).for_each(|_| std::hint::spin_loop()),
        }
    }
    None
}

/// A payload may be a small part of a large buffer, which the log would keep for good.
pub(crate) fn cut_loose(event: &mut NewEvent) {
    // Copies nothing if the payload is all there is, and nobody else has it.
    let mut bytes = Vec::from(std::mem::take(&mut event.payload));
    bytes.shrink_to_fit();
    event.payload = bytes.into();
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (streams, head) = {
            let log = self.log();
            (log.streams(), log.head())
        };
        f.debug_struct("MemoryStore").field("streams", &streams).field("head", &head).finish_non_exhaustive()
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        mut events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        events.iter_mut().for_each(cut_loose);
        self.change(|log| log.append(stream, expected, events))
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let mut events = Vec::new();
        let page = self.look_at_stream(stream, range, |shown| {
            shown.append_to(&mut events);
            ControlFlow::Continue(())
        });
        Ok(StreamPage { events, ..page })
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut events = Vec::new();
        let page = self.look_at_log(range, |shown| {
            shown.append_to(&mut events);
            ControlFlow::Continue(())
        });
        Ok(LogPage { events, ..page })
    }

    async fn visit_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        Ok(self.look_at_stream(stream, range, |shown| visit(shown.events())))
    }

    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        Ok(self.look_at_log(range, |shown| visit(shown.events())))
    }

    fn limits(&self) -> Limits {
        self.shared.limits
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

#[async_trait]
impl Subscribe for MemoryStore {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        loop {
            // Listening comes before looking, so that an append between the two is not missed.
            let listener = self.shared.appended.listen();
            if self.log().head() > position {
                return Ok(());
            }
            listener.await;
        }
    }
}

#[async_trait]
impl MultiStreamAppend for MemoryStore {
    async fn append_multi(&self, mut batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        batch.events.iter_mut().for_each(|(_, event)| cut_loose(event));
        self.change(|log| log.append_multi(batch))
    }
}

#[async_trait]
impl CheckpointStore for MemoryStore {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        Ok(self.kept().checkpoints.load(name))
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.kept().checkpoints.save(name, expected, position)
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.kept().checkpoints.reset(name, expected, position)
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        Ok(self.kept().checkpoints.delete(name))
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        Ok(self.kept().checkpoints.list())
    }
}
