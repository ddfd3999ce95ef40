//! `MemoryStore`: the log behind a lock, and the wake-up of those who wait for it to grow. What an append or a read
//! means is decided by the log.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use es_core::{ExpectedVersion, NewEvent, Payload, Position, StreamId};
use event_listener::Event;

use crate::log::Log;
use crate::snapshots::Snapshots;

/// How many events are copied while the lock is held once; a writer waits for no more than this.
const CHUNK: usize = 1024;

/// An event store in memory.
///
/// Cloning gives another handle to the same events, which are gone with the last handle.
/// It keeps the [contract](es_core::store) of all stores, and its positions have no gaps.
///
/// A read copies handles, not payloads, and holds no writer up for longer than it takes to copy about a thousand.
/// An event takes about 150 bytes beside its payload and its metadata.
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
}

struct Shared {
    log: RwLock<Log>,
    appended: Event,
    snapshots: Snapshots,
    limits: Limits,
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
        Self {
            shared: Arc::new(Shared {
                log: RwLock::default(),
                appended: Event::new(),
                snapshots: Snapshots::default(),
                limits,
            }),
        }
    }

    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.shared.snapshots
    }

    fn log(&self) -> RwLockReadGuard<'_, Log> {
        // The lock is poisoned only by a panic during an append, which cannot panic while the log is half changed.
        self.shared.log.read().unwrap_or_else(PoisonError::into_inner)
    }
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
        for event in &mut events {
            // A payload may be a small part of a large buffer, which the log would keep for good.
            event.payload = Payload::copy_from_slice(&event.payload);
        }
        let appended = {
            // Poisoned: see `log`.
            let mut log = self.shared.log.write().unwrap_or_else(PoisonError::into_inner);
            log.append(stream, expected, events)?
        };
        if appended.position.is_some() {
            self.shared.appended.notify(usize::MAX);
        }
        Ok(appended)
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let mut page = self.log().read_stream(stream, range.limit(CHUNK.min(range.limit)));
        // What is appended between two chunks is not part of this read.
        let range = range.up_to(range.up_to.min(page.version));
        while page.events.len() < range.limit && page.through < range.up_to {
            let rest = ReadStream { after: page.through, limit: range.limit - page.events.len(), ..range };
            let more = self.log().read_stream(stream, rest.limit(CHUNK.min(rest.limit)));
            page.through = more.through;
            page.events.extend(more.events);
        }
        Ok(page)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut page = self.log().read_log(range.limit(CHUNK.min(range.limit)));
        while page.events.len() < range.limit && page.through < page.head {
            // What is appended between two chunks is not part of this read; positions have no gaps.
            let to_head = usize::try_from(page.head.get() - page.through.get()).unwrap_or(usize::MAX);
            let limit = CHUNK.min(range.limit - page.events.len()).min(to_head);
            let more = self.log().read_log(ReadLog::after(page.through).limit(limit));
            page.through = more.through;
            page.events.extend(more.events);
        }
        Ok(page)
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
