//! `NatsStore`: the capabilities of the port, put together.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, MultiAppend, MultiAppendError, MultiAppended,
    MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use es_core::{ExpectedVersion, IdSource as _, NewEvent, Position, StreamId, Timestamp, UuidV7};
use uuid::Uuid;

use crate::bucket::Bucket;
use crate::connect::ConnectError;
use crate::error::NatsError;
use crate::js::Js;
use crate::options::Options;
use crate::places;
use crate::subject::Names;
use crate::tables::Tables;
use crate::tails::Tails;
use crate::watch::{Waiting, Watch};

/// How much of a message is left for what is not the payload of an event.
const RESERVE: usize = 64 * 1024;

/// An event store in NATS JetStream.
///
/// Cloning gives another handle to the same connection.
/// It keeps the [contract](es_core::store) of all stores but for rules 15 to 17 *across* streams: see
/// [the crate](crate#event-ids).
/// It runs on tokio.
///
/// The cause in `AppendError::Store`, `ReadError::Store` and their like is a [`NatsError`].
///
/// ```no_run
/// use es_core::StreamId;
/// use es_core::store::{EventStore, ReadStream};
/// use es_nats_store::NatsStore;
///
/// # async fn connected() -> Result<(), Box<dyn std::error::Error>> {
/// let store = NatsStore::connect("nats://localhost:4222").await?;
/// let page = store.read_stream(&StreamId::new("account", "ada")?, ReadStream::all()).await?;
/// # let _ = page; Ok(()) }
/// ```
#[derive(Clone)]
pub struct NatsStore {
    pub(crate) shared: Arc<Shared>,
}

/// What all handles of a store share.
pub(crate) struct Shared {
    pub(crate) js: Js,
    pub(crate) names: Names,
    pub(crate) tails: Tails,
    pub(crate) watch: Watch,
    /// Checkpoints and read models.
    pub(crate) tables: Tables,
    pub(crate) snapshots: Bucket,
    pub(crate) leases: Bucket,
    pub(crate) parked: Tables,
    /// How many bytes the server takes in one message.
    pub(crate) max_message: usize,
    limits: Limits,
    marks: UuidV7,
}

impl NatsStore {
    /// Connects to servers, and makes the store `es` if it is missing; what [`options`](Self::options) leave unsaid.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(urls: &str) -> Result<Self, ConnectError> {
        Self::options().connect(urls).await
    }

    /// How else a store may be opened.
    pub fn options() -> Options {
        Options::default()
    }

    pub(crate) fn new(js: Js, names: Names, options: &Options, max_message: usize) -> Self {
        let bucket = |kind| Bucket::new(js.clone(), names.bucket(kind));
        let (snapshots, leases) = (bucket("snapshots"), bucket("leases"));
        let tables = |stream| Tables::new(js.clone(), stream, max_message);
        let (tables, parked) = (tables(names.of_checkpoints()), tables(names.of_parked()));
        let payload_bytes = max_message.saturating_sub(RESERVE).max(max_message / 2);
        let limits = Limits { payload_bytes, batch_events: usize::try_from(places::SLOTS).unwrap_or(usize::MAX) };
        let (tails, watch, marks) = (Tails::new(options.remembered_streams), Watch::default(), UuidV7::default());
        let shared = Shared { js, names, tails, watch, tables, snapshots, leases, parked, max_message, limits, marks };
        Self { shared: Arc::new(shared) }
    }
}

impl Shared {
    /// A text that nobody else has, to know a message of one's own by.
    pub(crate) fn marks(&self) -> Uuid {
        self.marks.next_id(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Debug for NatsStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsStore").field("name", &self.shared.names.store).finish_non_exhaustive()
    }
}

fn read_failed(error: NatsError) -> ReadError {
    ReadError::Store { cause: Box::new(error) }
}

#[async_trait]
impl EventStore for NatsStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        self.shared.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.shared.read_stream(stream, range).await.map_err(read_failed)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.shared.read_log(range).await.map_err(read_failed)
    }

    fn limits(&self) -> Limits {
        self.shared.limits
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

#[async_trait]
impl Subscribe for NatsStore {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        let shared = &self.shared;
        let mut waiting: Option<Waiting> = None;
        let mut has_looked = false;
        loop {
            // Listening comes before looking, so that an append between the two is not missed.
            let listener = shared.watch.listen();
            if places::last(shared.watch.head()) > position {
                return Ok(());
            }
            if let Some(waiting) = &waiting {
                // What others failed at before is tried again once.
                if std::mem::replace(&mut has_looked, true)
                    && let Some(error) = waiting.failed()
                {
                    return Err(read_failed(error));
                }
                waiting.look();
                listener.await;
            } else {
                waiting = Some(Waiting::begin(shared));
                shared.head().await.map_err(read_failed)?;
            }
        }
    }
}

#[async_trait]
impl MultiStreamAppend for NatsStore {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        self.shared.append_multi(batch).await
    }
}
