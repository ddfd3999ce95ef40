//! `SqliteStore`: the capabilities of the port, put together from the writer, the readers and the watch.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, Limits, LogPage, MultiAppend,
    MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use es_core::{Clock, ExpectedVersion, NewEvent, Position, StreamId, SystemClock, Timestamp};

use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::inline::Inline;
use crate::open::{OpenError, Opened};
use crate::options::Options;
use crate::pool::Pool;
use crate::queue::Queue;
use crate::read;
use crate::transaction::checkpoint_failed;
use crate::watch::Watch;
use crate::writer::{Done, Failed, Task, Writer};

/// An event store in an SQLite file.
///
/// Cloning gives another handle to the same connections, which are closed with the last handle.
/// It keeps the [contract](es_core::store) of all stores.
///
/// An event takes about 110 bytes beside its payload and its metadata.
/// Reading holds nobody up; but as long as a read is not polled to its end, what is written meanwhile stays in the
/// write-ahead log, which grows.
/// The cause in `AppendError::Store`, `ReadError::Store` and their like is a [`SqliteError`].
///
/// ```
/// use es_core::store::{EventStore, ReadStream};
/// use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
/// use es_sqlite_store::SqliteStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("bank.db");
/// let store = SqliteStore::open(&path).await?;
/// let stream = StreamId::new("account", "ada")?;
/// let opened = NewEvent {
///     id: "018f4d3c-0000-7000-8000-000000000001".parse()?,
///     name: EventName::from_static("account-opened"),
///     schema_version: 1,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     metadata: Metadata::new(),
///     payload: r#"{"owner":"Ada"}"#.into(),
/// };
/// store.append(&stream, ExpectedVersion::NoStream, vec![opened]).await?;
/// drop(store);
///
/// let page = SqliteStore::open(&path).await?.read_stream(&stream, ReadStream::all()).await?;
/// assert_eq!(page.events[0].payload, r#"{"owner":"Ada"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

/// Readers are closed before the writer, which then tidies up the write-ahead log.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) queue: Queue<Writer>,
    watch: Arc<Watch>,
    limits: Limits,
}

impl SqliteStore {
    /// Opens the file, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::options().open(path).await
    }

    /// How else a store may be opened.
    pub fn options() -> Options {
        Options::default()
    }

    pub(crate) fn new(Opened { writer, file, options }: Opened) -> Self {
        let watch = Arc::new(Watch::new(options.poll_interval));
        let queue = Queue::new(Writer::new(writer, Arc::clone(&watch)));
        let pool = Pool::new(file, options.idle_readers);
        let shared = Shared { pool, queue, watch, limits: options.limits };
        Self { shared: Arc::new(shared), clock: Arc::new(SystemClock) }
    }

    /// The same store, where leases end by another clock than that of the operating system; all who use the file must
    /// have clocks that agree.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn change_checkpoint(
        &self,
        name: &CheckpointName,
        change: Change,
    ) -> Result<Option<Position>, CheckpointError> {
        match self.shared.write(Task::Checkpoint { name: name.clone(), change }).await {
            Ok(Done::Checkpoint(changed)) => changed,
            Ok(_) => unreachable!("a checkpoint has the outcome of one"),
            Err(error) => Err(checkpoint_failed(error)),
        }
    }
}

impl Shared {
    /// Writes something, together with what others have to write; a panic of its own goes on here, and is nobody else's.
    pub(crate) async fn write(&self, task: Task) -> Result<Done, SqliteError> {
        self.queue.join(task).await.map_err(|failed| match failed {
            Failed::Store(error) => error,
            Failed::Panicked(panic) => std::panic::resume_unwind(panic),
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.watch.close();
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.shared.pool.file().path).finish_non_exhaustive()
    }
}

fn read_failed(error: SqliteError) -> ReadError {
    ReadError::Store { cause: Box::new(error) }
}

#[async_trait]
impl EventStore for SqliteStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        match self
            .shared
            .write(Task::Append { stream: stream.clone(), expected, events, inline: Inline::default() })
            .await
        {
            Ok(Done::Append(appended)) => appended,
            Ok(_) => unreachable!("an append has the outcome of one"),
            Err(error) => Err(AppendError::Store { stream: stream.clone(), cause: Box::new(error) }),
        }
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let snapshot = self.shared.pool.snapshot().map_err(read_failed)?;
        read::read_stream(snapshot, stream, range).await.map_err(read_failed)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let snapshot = self.shared.pool.snapshot().map_err(read_failed)?;
        read::read_log(snapshot, range).await.map_err(read_failed)
    }

    fn limits(&self) -> Limits {
        self.shared.limits
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

#[async_trait]
impl Subscribe for SqliteStore {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        let Shared { watch, pool, .. } = &*self.shared;
        let mut waiting = None;
        loop {
            // Listening comes before looking, so that an append between the two is not missed.
            let listener = watch.listen();
            if watch.head() > position {
                return Ok(());
            }
            if waiting.is_none() {
                // From here on the file is looked at, at once and then again and again.
                waiting = Some(watch.wait(pool.file()).map_err(read_failed)?);
                watch.grown(
                    read::head(&pool.snapshot().map_err(read_failed)?.reader().connection).map_err(read_failed)?,
                );
                continue;
            }
            if let Some(error) = watch.failed() {
                return Err(read_failed(error));
            }
            listener.await;
        }
    }
}

#[async_trait]
impl MultiStreamAppend for SqliteStore {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        match self.shared.write(Task::AppendMulti { batch, inline: Inline::default() }).await {
            Ok(Done::AppendMulti(appended)) => appended,
            Ok(_) => unreachable!("an append to several streams has the outcome of one"),
            Err(error) => Err(MultiAppendError::Store { cause: Box::new(error) }),
        }
    }
}

#[async_trait]
impl CheckpointStore for SqliteStore {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(checkpoint_failed)?;
        checkpoints::load(&snapshot.reader().connection, name).map_err(checkpoint_failed)
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.change_checkpoint(name, Change::Save { expected, position }).await.map(drop)
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.change_checkpoint(name, Change::Reset { expected, position }).await.map(drop)
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.change_checkpoint(name, Change::Delete).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(checkpoint_failed)?;
        checkpoints::list(&snapshot.reader().connection).map_err(checkpoint_failed)
    }
}
