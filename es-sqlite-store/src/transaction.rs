//! Read models in the file of the events: their tables and their checkpoint change together.

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, Transact, TransactionFailed};
use rusqlite::{Connection, TransactionBehavior};

use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::store::SqliteStore;

/// A transaction that changes tables of the user's and checkpoints of the store together.
///
/// A projection into tables of its own writes through it, and is kept up by a `TableProjection` of es-core:
///
/// ```
/// use es_core::{Event, InlineStore, Projection, RecordedEvent, TableProjection, WriteTo};
/// use es_sqlite_store::{SqliteStore, Transaction, rusqlite};
///
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
/// #[event(name = "account-opened")]
/// pub struct AccountOpened { pub owner: String }
///
/// #[derive(Debug, Projection)]
/// #[projection(name = "openings", into = Transaction<'_>, error = rusqlite::Error, events(AccountOpened))]
/// pub struct Openings;
///
/// impl WriteTo<Transaction<'_>, AccountOpened> for Openings {
///     fn write(&self, tx: &Transaction<'_>, event: AccountOpened, _: &RecordedEvent) -> rusqlite::Result<()> {
///         tx.connection().execute("INSERT INTO openings (owner) VALUES (?1)", [event.owner]).map(drop)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let store = SqliteStore::open(folder.path().join("bank.db")).await?;
/// store.transaction(|tx| -> Result<(), es_sqlite_store::SqliteError> {
///     Ok(tx.connection().execute_batch("CREATE TABLE IF NOT EXISTS openings (owner TEXT) STRICT")?)
/// }).await?;
/// let openings = TableProjection::new(store.clone(), Openings);
/// openings.catch_up().await?;
///
/// // Or in the transaction of each append: an event that `write` refuses is then not appended.
/// let appending = InlineStore::new(store, []).with_tables([openings.inline()]);
/// # let _ = appending;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Transaction<'t> {
    connection: &'t Connection,
}

impl<'t> Transaction<'t> {
    pub(crate) fn new(connection: &'t Connection) -> Self {
        Self { connection }
    }
}

impl Transaction<'_> {
    /// The connection, for tables of the user's. Do not end the transaction on it, nor change tables of the store.
    pub fn connection(&self) -> &Connection {
        self.connection
    }

    /// The position that was saved last. Rule 26 of the [contract](es_core::store).
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    pub fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        checkpoints::load(self.connection, name).map_err(checkpoint_failed)
    }

    /// Replaces `expected` by `position`, once the transaction is committed. Rules 27 and 28.
    ///
    /// # Errors
    /// See [`CheckpointError`]; pass it on, so that the tables stay as they were.
    pub fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let change = Change::Save { expected, position };
        checkpoints::change(self.connection, name, &change).map_err(checkpoint_failed)?.map(drop)
    }
}

pub(crate) fn checkpoint_failed(error: SqliteError) -> CheckpointError {
    CheckpointError::Store { cause: Box::new(error) }
}

impl Transact for SqliteStore {
    type Transaction<'t> = Transaction<'t>;

    async fn in_transaction<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send,
        E: From<TransactionFailed> + Send,
        W: for<'t> FnOnce(&Transaction<'t>) -> Result<T, E> + Send,
    {
        /// What goes wrong on either side.
        enum Failed<E> {
            Work(E),
            Sqlite(SqliteError),
        }
        impl<E> From<SqliteError> for Failed<E> {
            fn from(error: SqliteError) -> Self {
                Self::Sqlite(error)
            }
        }
        let done = self.transaction(|tx| work(tx).map_err(Failed::Work)).await;
        done.map_err(|failed| match failed {
            Failed::Work(error) => error,
            Failed::Sqlite(error) => TransactionFailed(Box::new(error)).into(),
        })
    }

    fn save_in(
        tx: &Transaction<'_>,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        tx.save_checkpoint(name, expected, position)
    }
}

impl SqliteStore {
    /// Does `work` in a transaction that is committed if it returns `Ok`, and rolled back if it returns `Err` or panics.
    ///
    /// A read model that keeps its tables in this file sees every event exactly once: what it wrote for the events up to
    /// its checkpoint is there if, and only if, the checkpoint is.
    /// Nobody else writes to the file meanwhile, so do nothing in it that takes long, and do not call the store.
    ///
    /// ```
    /// use es_core::store::{CheckpointName, EventStore, ReadLog};
    /// use es_core::Position;
    /// use es_sqlite_store::SqliteStore;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = SqliteStore::open(folder.path().join("bank.db")).await?;
    /// type Failed = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// let name = CheckpointName::new("openings")?;
    /// store.transaction(|tx| -> Result<(), Failed> {
    ///     tx.connection().execute_batch("CREATE TABLE IF NOT EXISTS openings (stream TEXT) STRICT")?;
    ///     Ok(())
    /// }).await?;
    ///
    /// let seen = store.transaction(|tx| Ok::<_, Failed>(tx.load_checkpoint(&name)?)).await?;
    /// let page = store.read_log(ReadLog::after(seen.unwrap_or(Position::START)).names(["account-opened"])).await?;
    /// store.transaction(|tx| -> Result<(), Failed> {
    ///     for event in &page.events {
    ///         tx.connection().execute("INSERT INTO openings VALUES (?1)", [event.stream.as_str()])?;
    ///     }
    ///     tx.save_checkpoint(&name, seen, page.through)?;
    ///     Ok(())
    /// }).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// What `work` returns, or why the transaction could not be begun or committed.
    #[allow(clippy::unused_async, reason = "waits for the disk, and may one day do so without its thread")]
    pub async fn transaction<T, E: From<SqliteError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let mut file = self.shared.queue.work.file();
        let begun = file.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let tx = begun.map_err(SqliteError::from)?;
        let done = work(&Transaction { connection: &tx })?;
        if tx.is_autocommit() {
            return Err(SqliteError::TransactionEnded.into());
        }
        tx.commit().map_err(SqliteError::from)?;
        Ok(done)
    }
}
