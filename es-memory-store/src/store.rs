//! `MemoryStore`: the log, its limits, and the wake-up of those who wait for it to grow. What an append or a read means is
//! decided by the log.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, EventVisitor, Limits, LogPage,
    MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage,
    Subscribe,
};
use es_core::{Clock, ExpectedVersion, NewEvent, Position, StreamId, SystemClock, Timestamp};

use crate::checkpoints::Checkpoints;
use crate::failures::Failures;
use crate::leases::Leases;
use crate::log::{Log, Writer};
use crate::read_models::ReadModels;
use crate::snapshots::Snapshots;
use crate::wakeups::Wakeups;

/// An event store in memory.
///
/// Cloning gives another handle to the same events, which are gone with the last handle.
/// It keeps the [contract](es_core::store) of all stores, and its positions have no gaps.
///
/// A read copies handles, not payloads, and one that [visits](EventStore::visit_stream) copies only positions; neither
/// holds a writer up for longer than it takes to copy 64 of them.
/// Appends come one after the other, from the search for their ids to their places in the log.
/// One with a filter looks at the events one after the other, 65 536 at most for a page.
/// An event takes about 136 bytes beside its payload and its metadata, measured with up to a million events in 1000
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
    log: Log,
    /// Locked after the log, if both are.
    kept: Mutex<Kept>,
    leases: Mutex<Leases>,
    failures: Mutex<Failures>,
    appended: Wakeups,
    snapshots: Snapshots,
    limits: Limits,
}

/// What readers keep: how far they have come, and what they made of it.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) checkpoints: Checkpoints,
    pub(crate) read_models: ReadModels,
}

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
        let (log, kept, snapshots) = (Log::default(), Mutex::default(), Snapshots::default());
        let (leases, failures, appended) = (Mutex::default(), Mutex::default(), Wakeups::default());
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

    pub(crate) fn log(&self) -> &Log {
        &self.shared.log
    }

    /// Appends to the log, and wakes those who wait if it has grown.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&mut Writer<'_>) -> T) -> T {
        let (written, has_grown) = {
            let mut writer = self.shared.log.writer();
            let head = writer.head();
            (write(&mut writer), writer.head() > head)
        };
        if has_grown {
            self.shared.appended.happened();
        }
        written
    }

    pub(crate) fn limits_of(&self) -> Limits {
        self.shared.limits
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing can panic while a map is half changed.
        self.shared.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let (streams, head) = (self.log().streams(), self.log().head());
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
        self.write(|log| log.append(stream, expected, events))
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let mut events = Vec::new();
        let page = self.log().visit_stream(stream, &range, |shown| {
            events.extend_from_slice(shown);
            ControlFlow::Continue(())
        });
        Ok(StreamPage { events, ..page })
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut events = Vec::new();
        let page = self.log().visit_log(&range, |shown| {
            events.extend_from_slice(shown);
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
        Ok(self.log().visit_stream(stream, &range, visit))
    }

    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        Ok(self.log().visit_log(&range, visit))
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
        self.shared.appended.wait_until(|| self.log().head() > position).await;
        Ok(())
    }
}

#[async_trait]
impl MultiStreamAppend for MemoryStore {
    async fn append_multi(&self, mut batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        batch.events.iter_mut().for_each(|(_, event)| cut_loose(event));
        self.write(|log| log.append_multi(batch))
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
