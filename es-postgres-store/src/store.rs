//! `PostgresStore`: the capabilities of the port, put together from the writer, the reader and the watch.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, Limits, LogPage, MultiAppend,
    MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId};
use tokio_postgres::Row;

use crate::append::{Appender, Session};
use crate::checkpoints::{Change, Checkpoints};
use crate::connection::Params;
use crate::error::PostgresError;
use crate::failures::Failures;
use crate::inline::Inline;
use crate::leases::Leases;
use crate::open::{OpenError, Opened};
use crate::options::Options;
use crate::pool::{Pool, Pooled};
use crate::read::Reader;
use crate::rows::ReadModels;
use crate::snapshots::Snapshots;
use crate::task::{Done, Task};
use crate::watch::Watch;
use crate::writer::Writer;

/// An event store in a PostgreSQL database.
///
/// Cloning gives another handle to the same connections, which are closed with the last handle.
/// It keeps the [contract](es_core::store) of all stores, and needs a tokio runtime with its timers and its I/O enabled.
///
/// The cause in `AppendError::Store`, `ReadError::Store` and their like is a [`PostgresError`].
///
/// ```no_run
/// use es_core::store::{EventStore, ReadStream};
/// use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
/// use es_postgres_store::PostgresStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://bank:secret@localhost/bank").await?;
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
/// let page = store.read_stream(&stream, ReadStream::all()).await?;
/// assert_eq!(page.events[0].payload, r#"{"owner":"Ada"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) pool: Arc<Pool>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) checkpoints: Checkpoints,
    pub(crate) snapshots: Snapshots,
    pub(crate) read_models: ReadModels,
    pub(crate) inline: Inline,
    pub(crate) leases: Leases,
    pub(crate) failures: Failures,
    pub(crate) limits: Limits,
    pub(crate) watch: Arc<Watch>,
    schema: String,
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host:port/database`, and brings the schema `es` there up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        Self::options().connect(url).await
    }

    /// How else a store may be opened.
    pub fn options() -> Options {
        Options::default()
    }

    pub(crate) fn new(Opened { pool, schema, options }: Opened) -> Self {
        let reader = Arc::new(Reader::new(&schema));
        let watch = Arc::new(Watch::new(Arc::clone(&pool), Arc::clone(&reader), &schema, options.poll_interval));
        let writer = Arc::new(Writer::new(Appender::new(&schema), Arc::clone(&pool), Arc::clone(&watch)));
        let shared = Shared {
            pool,
            writer,
            reader,
            checkpoints: Checkpoints::new(&schema),
            snapshots: Snapshots::new(&schema),
            read_models: ReadModels::new(&schema),
            inline: Inline::new(&schema),
            leases: Leases::new(&schema),
            failures: Failures::new(&schema),
            limits: options.limits,
            watch,
            schema: schema.to_string(),
        };
        Self { shared: Arc::new(shared) }
    }

    async fn change_checkpoint(
        &self,
        name: &CheckpointName,
        places: (Option<Position>, Position),
        change: Change,
    ) -> Result<(), CheckpointError> {
        let changed = async {
            let mut connection = self.shared.pool.get().await?;
            let session = &mut Session::Own(&mut connection);
            let changed = self.shared.checkpoints.change(session, name, places, change).await;
            connection.after(changed)
        };
        changed.await.map_err(checkpoint_failed)?
    }

    pub(crate) async fn connection(&self) -> Result<Pooled, PostgresError> {
        self.shared.pool.get().await
    }

    /// One statement on a connection of the pool.
    pub(crate) async fn query(&self, sql: &Arc<str>, params: Params<'_>) -> Result<Vec<Row>, PostgresError> {
        let mut connection = self.connection().await?;
        let done = connection.query(sql, params).await;
        connection.after(done)
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("schema", &self.shared.schema).finish_non_exhaustive()
    }
}

pub(crate) fn read_failed(error: PostgresError) -> ReadError {
    ReadError::Store { cause: Box::new(error) }
}

pub(crate) fn checkpoint_failed(error: PostgresError) -> CheckpointError {
    CheckpointError::Store { cause: Box::new(error) }
}

#[async_trait]
impl EventStore for PostgresStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        match self.shared.writer.append(Task::append(stream, expected, events)).await {
            Ok(Done::Append(appended)) => appended,
            Ok(Done::Multi(_)) => unreachable!("an append has the outcome of one"),
            Err(error) => Err(AppendError::Store { stream: stream.clone(), cause: Box::new(error) }),
        }
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let mut connection = self.connection().await.map_err(read_failed)?;
        let Shared { reader, writer, .. } = &*self.shared;
        let session = Session::Own(&mut connection);
        let page = reader.read_stream(session, &writer.appender.kinds, stream, &range).await;
        connection.after(page).map_err(read_failed)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut connection = self.connection().await.map_err(read_failed)?;
        let Shared { reader, writer, .. } = &*self.shared;
        let page = reader.read_log(&mut connection, &writer.appender.kinds, &range).await;
        connection.after(page).map_err(read_failed)
    }

    fn limits(&self) -> Limits {
        self.shared.limits
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

#[async_trait]
impl Subscribe for PostgresStore {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        let watch = &self.shared.watch;
        let mut waiting = None;
        loop {
            // Listening comes before looking, so that an append between the two is not missed.
            let listener = watch.listen();
            if watch.head() > position {
                return Ok(());
            }
            if waiting.is_none() {
                // From here on the log is looked at, at once and then again and again.
                waiting = Some(watch.wait());
                let mut connection = self.connection().await.map_err(read_failed)?;
                let head = self.shared.reader.head(&mut connection).await;
                watch.moved(connection.after(head).map_err(read_failed)?);
                continue;
            }
            watch.look().map_err(read_failed)?;
            listener.await;
        }
    }
}

#[async_trait]
impl MultiStreamAppend for PostgresStore {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        match self.shared.writer.append(Task::Multi(batch)).await {
            Ok(Done::Multi(appended)) => appended,
            Ok(Done::Append(_)) => unreachable!("an append to several streams has the outcome of one"),
            Err(error) => Err(MultiAppendError::Store { cause: Box::new(error) }),
        }
    }
}

#[async_trait]
impl CheckpointStore for PostgresStore {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let mut connection = self.connection().await.map_err(checkpoint_failed)?;
        let loaded = self.shared.checkpoints.load(&mut Session::Own(&mut connection), name).await;
        connection.after(loaded).map_err(checkpoint_failed)
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.change_checkpoint(name, (expected, position), Change::Save).await
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.change_checkpoint(name, (expected, position), Change::Reset).await
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let mut connection = self.connection().await.map_err(checkpoint_failed)?;
        let deleted = self.shared.checkpoints.delete(&mut Session::Own(&mut connection), name).await;
        connection.after(deleted).map_err(checkpoint_failed)
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let mut connection = self.connection().await.map_err(checkpoint_failed)?;
        let listed = self.shared.checkpoints.list(&mut Session::Own(&mut connection)).await;
        connection.after(listed).map_err(checkpoint_failed)
    }
}
