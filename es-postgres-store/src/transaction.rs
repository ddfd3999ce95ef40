//! Events, checkpoints and tables of the user's in one transaction.

use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, MultiAppend, MultiAppendError, MultiAppended, ReadError,
    ReadStream, StreamPage,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId};
use tokio_postgres::Client;

use crate::append::Session;
use crate::checkpoints::Change;
use crate::error::PostgresError;
use crate::kinds::Kinds;
use crate::pool::Pooled;
use crate::store::{PostgresStore, checkpoint_failed, read_failed};
use crate::task::{Done, Outcome, Task};

/// A transaction on a connection of the store; made by [`PostgresStore::begin`], rolled back if it is dropped.
///
/// A projection into tables of its own writes through it, and is kept up by an `AsyncTableProjection` of es-core:
///
/// ```no_run
/// use es_core::{AsyncTableProjection, AsyncWriteTo, Event, InlineStore, Projection, RecordedEvent};
/// use es_postgres_store::{PostgresStore, Transaction, tokio_postgres};
///
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
/// #[event(name = "account-opened")]
/// pub struct AccountOpened { pub owner: String }
///
/// #[derive(Debug, Projection)]
/// #[projection(
///     name = "openings", into = async Transaction, error = tokio_postgres::Error, events(AccountOpened),
/// )]
/// pub struct Openings;
///
/// impl AsyncWriteTo<Transaction, AccountOpened> for Openings {
///     async fn write(
///         &self, tx: &Transaction, event: AccountOpened, _: &RecordedEvent,
///     ) -> Result<(), tokio_postgres::Error> {
///         tx.client().execute("INSERT INTO openings (owner) VALUES ($1)", &[&event.owner]).await.map(drop)
///     }
/// }
///
/// # async fn project(store: PostgresStore) -> Result<(), Box<dyn std::error::Error>> {
/// let openings = AsyncTableProjection::new(store.clone(), Openings);
/// openings.catch_up().await?;
///
/// // Or in the transaction of each append: an event that `write` refuses is then not appended.
/// let appending = InlineStore::new(store, []).with_tables([openings.inline()]);
/// # let _ = appending;
/// # Ok(()) }
/// ```
///
/// Until it ends, others wait who append to the streams it has appended to, and readers of the log see no event behind
/// those it has appended: so do in it nothing that takes long.
/// After an error of the server it can only be rolled back.
pub struct Transaction {
    store: PostgresStore,
    pub(crate) connection: Pooled,
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Transaction {
    /// The connection, for tables of the user's. Do not end the transaction on it, nor change tables of the store.
    pub fn client(&self) -> &Client {
        &self.connection.client
    }

    /// Appends, once the transaction is committed, under the rules of [`append`](es_core::store::EventStore::append).
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.store.append_on(self.client(), stream, expected, events).await
    }

    /// Appends to several streams, once the transaction is committed.
    ///
    /// # Errors
    /// See [`MultiAppendError`].
    pub async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        self.store.append_multi_on(self.client(), batch).await
    }

    /// Reads a part of a stream, with what the transaction has appended to it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.store.read_stream_on(self.client(), stream, range).await
    }

    /// The position that was saved last. Rule 26 of the [contract](es_core::store).
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    pub async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.load_checkpoint_on(self.client(), name).await
    }

    /// Replaces `expected` by `position`, once the transaction is committed. Rules 27 and 28. Another process that saves
    /// the same checkpoint waits for the end of the transaction.
    ///
    /// # Errors
    /// See [`CheckpointError`]; then do not commit.
    pub async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.store.save_checkpoint_on(self.client(), name, expected, position).await
    }

    /// Makes everything that was done in it visible, all at once.
    ///
    /// # Errors
    /// If the connection was lost, it is not known whether the transaction is committed. If an earlier statement failed,
    /// it is not: [`PostgresError::RolledBack`].
    pub async fn commit(self) -> Result<(), PostgresError> {
        // A transaction in which something failed answers COMMIT with ROLLBACK, and no error.
        self.connection.batch("SELECT 1; COMMIT").await.map_err(PostgresError::rolled_back)?;
        self.connection.give_back();
        Ok(())
    }

    /// Forgets everything that was done in it.
    ///
    /// # Errors
    /// The connection was lost; then it is forgotten, too.
    pub async fn rollback(self) -> Result<(), PostgresError> {
        let ended = self.connection.batch("ROLLBACK").await;
        self.connection.after(ended)
    }
}

impl PostgresStore {
    /// Begins a transaction, in which a read model and its checkpoint, or a row and its event, change together.
    ///
    /// ```no_run
    /// use es_core::store::{CheckpointName, EventStore, ReadLog};
    /// use es_core::Position;
    /// use es_postgres_store::PostgresStore;
    ///
    /// # async fn project(store: &PostgresStore) -> Result<(), Box<dyn std::error::Error>> {
    /// let name = CheckpointName::new("openings")?;
    /// let tx = store.begin().await?;
    /// let seen = tx.load_checkpoint(&name).await?;
    /// let page = store.read_log(ReadLog::after(seen.unwrap_or(Position::START)).names(["account-opened"])).await?;
    /// for event in &page.events {
    ///     tx.client().execute("INSERT INTO openings VALUES ($1)", &[&event.stream.as_str()]).await?;
    /// }
    /// tx.save_checkpoint(&name, seen, page.through).await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// There is no connection, or it was lost.
    pub async fn begin(&self) -> Result<Transaction, PostgresError> {
        let connection = self.shared.pool.get().await?;
        connection.batch("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        Ok(Transaction { store: self.clone(), connection })
    }

    /// A transaction for tables beside an append, which is ended by whoever has begun it.
    pub(crate) fn within(&self, connection: Pooled) -> Transaction {
        Transaction { store: self.clone(), connection }
    }

    /// Appends in a transaction of the user's own, on any connection to the database of the store.
    ///
    /// The rules are those of [`append`](es_core::store::EventStore::append), and what [`Transaction`] says of others who
    /// wait holds here too. The transaction must be `READ COMMITTED`. No statement of the store is waited for longer than
    /// [`statement_timeout`](crate::Options::statement_timeout) and a second, whatever time limit the connection has.
    ///
    /// ```no_run
    /// # use es_core::{ExpectedVersion, NewEvent, StreamId};
    /// use es_postgres_store::{PostgresStore, tokio_postgres};
    ///
    /// # async fn order(
    /// #     store: &PostgresStore, client: &mut tokio_postgres::Client, stream: StreamId, placed: NewEvent,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let tx = client.transaction().await?;
    /// tx.execute("UPDATE stock SET reserved = reserved + 1 WHERE article = $1", &[&"4711"]).await?;
    /// store.append_in(&tx, &stream, ExpectedVersion::NoStream, vec![placed]).await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`AppendError`]; after [`AppendError::Store`], the transaction can only be rolled back.
    pub async fn append_in(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.append_on(tx.client(), stream, expected, events).await
    }

    /// Appends to several streams in a transaction of the user's own, as [`append_in`](Self::append_in).
    ///
    /// # Errors
    /// See [`MultiAppendError`].
    pub async fn append_multi_in(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        batch: MultiAppend,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.append_multi_on(tx.client(), batch).await
    }

    /// Reads a part of a stream in a transaction of the user's own, with what it has appended.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_stream_in(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        stream: &StreamId,
        range: ReadStream,
    ) -> Result<StreamPage, ReadError> {
        self.read_stream_on(tx.client(), stream, range).await
    }

    /// The position that was saved last, in a transaction of the user's own.
    ///
    /// # Errors
    /// [`CheckpointError::Store`].
    pub async fn load_checkpoint_in(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        name: &CheckpointName,
    ) -> Result<Option<Position>, CheckpointError> {
        self.load_checkpoint_on(tx.client(), name).await
    }

    /// Saves a checkpoint in a transaction of the user's own, as [`Transaction::save_checkpoint`].
    ///
    /// # Errors
    /// See [`CheckpointError`]; then do not commit.
    pub async fn save_checkpoint_in(
        &self,
        tx: &tokio_postgres::Transaction<'_>,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.save_checkpoint_on(tx.client(), name, expected, position).await
    }

    fn session<'c>(&self, client: &'c Client) -> Session<'c> {
        Session::User(self.shared.pool.connector.lent(client))
    }

    async fn append_on(
        &self,
        client: &Client,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        match self.task_on(client, &Task::append(stream, expected, events)).await {
            Ok(Done::Append(appended)) => appended,
            Ok(Done::Multi(_)) => unreachable!("an append has the outcome of one"),
            Err(error) => Err(AppendError::Store { stream: stream.clone(), cause: Box::new(error) }),
        }
    }

    async fn append_multi_on(&self, client: &Client, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        match self.task_on(client, &Task::Multi(batch)).await {
            Ok(Done::Multi(appended)) => appended,
            Ok(Done::Append(_)) => unreachable!("an append to several streams has the outcome of one"),
            Err(error) => Err(MultiAppendError::Store { cause: Box::new(error) }),
        }
    }

    async fn task_on(&self, client: &Client, task: &Task) -> Outcome {
        let appender = &self.shared.writer.appender;
        let mut known = appender.kinds.known();
        if Kinds::lacks(&known, task.events()) {
            // Elsewhere than in the transaction, so that the numbers hold whatever becomes of it.
            let mut connection = self.shared.pool.get().await?;
            let numbered = appender.kinds.of(&mut connection, task.events()).await;
            known = connection.after(numbered)?;
        }
        let (mut done, _) = appender.append_within(&mut self.session(client), task, &known).await?;
        done.pop().ok_or_else(|| PostgresError::broken("an append has an outcome"))
    }

    async fn read_stream_on(
        &self,
        client: &Client,
        stream: &StreamId,
        range: ReadStream,
    ) -> Result<StreamPage, ReadError> {
        let kinds = &self.shared.writer.appender.kinds;
        let page = self.shared.reader.read_stream(self.session(client), kinds, stream, &range).await;
        page.map_err(read_failed)
    }

    async fn load_checkpoint_on(
        &self,
        client: &Client,
        name: &CheckpointName,
    ) -> Result<Option<Position>, CheckpointError> {
        self.shared.checkpoints.load(&mut self.session(client), name).await.map_err(checkpoint_failed)
    }

    async fn save_checkpoint_on(
        &self,
        client: &Client,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let changed =
            self.shared.checkpoints.change(&mut self.session(client), name, (expected, position), Change::Save).await;
        changed.map_err(checkpoint_failed)?
    }
}
