//! `InlineAppend`: rules N1 to N3. Events and rows are written in one transaction, which waits until it sees the whole log
//! before its own events; those who append without projections do not wait for it.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, AsyncInlineTable, CheckpointName, InlineAppend, InlineFailure, InlineProjection,
    InlineProjections, InlineTables, MultiAppend, MultiAppendError, MultiAppended, Row, RowWrite,
};
use es_core::{ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::types::Type;

use crate::append::{ATTEMPTS, Session};
use crate::checkpoints::Change;
use crate::connection::Connection;
use crate::error::PostgresError;
use crate::kinds::Known;
use crate::row::{position, to_sql};
use crate::schema::SchemaName;
use crate::store::PostgresStore;
use crate::task::{Done, Task};
use crate::transaction::Transaction;

/// How many events a projection is given at once.
const BATCH: usize = 1024;

/// The statements.
pub(crate) struct Inline {
    hold: Arc<str>,
    settle: Arc<str>,
}

/// Why nothing was written.
enum Refused {
    Projection { projection: CheckpointName, cause: Arc<dyn std::error::Error + Send + Sync> },
    Postgres(PostgresError),
}

impl<E: Into<PostgresError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Postgres(error.into())
    }
}

impl Inline {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            hold: schema.sql("SELECT {schema}.hold_projections($1)").into(),
            settle: schema.sql("SELECT {schema}.settle($1)").into(),
        }
    }

    /// Keeps others from moving these projections; how far they have come.
    async fn hold(&self, session: &mut Session<'_>, kept: &Kept) -> Result<Vec<Option<Position>>, PostgresError> {
        let names: Vec<&str> = kept.names().map(CheckpointName::as_str).collect();
        let rows = session.query(&self.hold, &[(&names, Type::TEXT_ARRAY)]).await?;
        let row = rows.first().ok_or_else(|| PostgresError::broken("`hold_projections` gives no answer"))?;
        let places: Option<Vec<Option<i64>>> = row.try_get(0)?;
        Ok(places.unwrap_or_default().into_iter().map(|at| at.map(position)).collect())
    }

    /// The position up to which the transaction sees everything: that of its own last event, or of the last of all.
    async fn settle(&self, session: &mut Session<'_>, own: Option<Position>) -> Result<Position, PostgresError> {
        let own = own.map(|position| to_sql(position.get()));
        let rows = session.query(&self.settle, &[(&own, Type::INT8)]).await?;
        let row = rows.first().ok_or_else(|| PostgresError::broken("the function `settle` gives no answer"))?;
        Ok(position(row.try_get(0)?))
    }
}

type Table = dyn AsyncInlineTable<Transaction>;

/// What is kept up with an append; told apart by names.
#[derive(Default)]
struct Kept {
    rows: Vec<Arc<dyn InlineProjection>>,
    tables: Vec<Arc<Table>>,
}

impl Kept {
    fn new(rows: &InlineProjections, tables: &[Arc<Table>]) -> Self {
        let mut kept = Self::default();
        for rows in &**rows {
            if !kept.names().any(|known| known == rows.name()) {
                kept.rows.push(Arc::clone(rows));
            }
        }
        for table in tables {
            if !kept.names().any(|known| known == table.name()) {
                kept.tables.push(Arc::clone(table));
            }
        }
        kept
    }

    /// First those of rows, then those of tables.
    fn names(&self) -> impl Iterator<Item = &CheckpointName> {
        self.rows.iter().map(|rows| rows.name()).chain(self.tables.iter().map(|table| table.name()))
    }
}

impl PostgresStore {
    async fn append_with(&self, task: Task, kept: Kept) -> Result<Done, Refused> {
        // The connection is given up with whatever goes on there, unless the transaction has been ended.
        let mut tx = self.within(self.connection().await?);
        let known = self.shared.writer.appender.kinds.of(&mut tx.connection, task.events()).await;
        let known = known?;
        let mut attempt = 0;
        loop {
            attempt += 1;
            tx.connection.batch("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            let written = self.write_with(&mut tx, &task, &known, &kept).await;
            let is_kept = matches!(written, Ok(Done::Append(Ok(_)) | Done::Multi(Ok(_))));
            if is_kept {
                // A transaction in which something failed answers COMMIT with ROLLBACK, and no error.
                tx.connection.batch("SELECT 1; COMMIT").await.map_err(PostgresError::rolled_back)?;
            } else {
                tx.connection.batch("ROLLBACK").await?;
            }
            match written {
                Err(Refused::Postgres(error)) if error.is_race() && attempt < ATTEMPTS => {}
                written => {
                    tx.connection.give_back();
                    if is_kept {
                        self.shared.watch.appended();
                        kept.rows.iter().for_each(|projection| projection.committed());
                    }
                    return written;
                }
            }
        }
    }

    /// Appends and projects, in a transaction that somebody else ends.
    async fn write_with(&self, tx: &mut Transaction, task: &Task, known: &Known, kept: &Kept) -> Result<Done, Refused> {
        let (inline, connection) = (&self.shared.inline, &mut *tx.connection);
        let mut checkpoints = inline.hold(&mut Session::Own(connection), kept).await?.into_iter();
        let appender = &self.shared.writer.appender;
        let (mut done, first) = appender.append_within(&mut Session::Own(connection), task, known).await?;
        let done = done.pop().ok_or_else(|| PostgresError::broken("an append has an outcome"))?;
        let last = match &done {
            Done::Append(Ok(done)) => done.position,
            Done::Multi(Ok(done)) => done.position,
            Done::Append(Err(_)) | Done::Multi(Err(_)) => return Ok(done),
        };
        let through = inline.settle(&mut Session::Own(connection), first.and(last)).await?;
        for (projection, checkpoint) in kept.rows.iter().zip(&mut checkpoints) {
            self.project(connection, projection, checkpoint, through).await?;
        }
        for (table, checkpoint) in kept.tables.iter().zip(checkpoints) {
            self.write_table(tx, &**table, checkpoint, through).await?;
        }
        Ok(done)
    }

    /// Lets a projection see what follows its checkpoint, page by page.
    async fn project(
        &self,
        connection: &mut Connection,
        projection: &Arc<dyn InlineProjection>,
        checkpoint: Option<Position>,
        through: Position,
    ) -> Result<(), Refused> {
        let (name, filter) = (projection.name(), projection.filter());
        let (reader, kinds) = (&self.shared.reader, &self.shared.writer.appender.kinds);
        let mut after = checkpoint.unwrap_or_default();
        if checkpoint.is_some_and(|checkpoint| checkpoint > through) {
            return Ok(());
        }
        loop {
            let (events, seen) = reader.settled(connection, kinds, &filter, (after, through), BATCH).await?;
            let writes =
                if events.is_empty() { Vec::new() } else { self.writes_of(connection, projection, events).await? };
            let (read_models, session) = (&self.shared.read_models, &mut Session::Own(connection));
            if seen >= through {
                let committed = read_models.commit(session, name, &writes, (checkpoint, through)).await?;
                // The transaction has the lock of the checkpoint.
                return committed.map_err(|error| PostgresError::broken(error.to_string()).into());
            }
            read_models.write(session, name, &writes).await?;
            after = seen;
        }
    }

    /// Lets tables see what follows their checkpoint, page by page.
    async fn write_table(
        &self,
        tx: &mut Transaction,
        table: &Table,
        checkpoint: Option<Position>,
        through: Position,
    ) -> Result<(), Refused> {
        let (name, filter) = (table.name(), table.filter());
        let (reader, kinds) = (&self.shared.reader, &self.shared.writer.appender.kinds);
        let mut after = checkpoint.unwrap_or_default();
        if checkpoint.is_some_and(|checkpoint| checkpoint > through) {
            return Ok(());
        }
        loop {
            let (events, seen) = reader.settled(&mut tx.connection, kinds, &filter, (after, through), BATCH).await?;
            let written = table.write(tx, &events).await;
            written.map_err(|cause| Refused::Projection { projection: name.clone(), cause: cause.into() })?;
            if seen >= through {
                break;
            }
            after = seen;
        }
        let session = &mut Session::Own(&mut tx.connection);
        let places = (checkpoint, through);
        let saved = self.shared.checkpoints.change(session, name, places, Change::Save).await?;
        // The transaction has the lock of the checkpoint.
        saved.map_err(|error| PostgresError::broken(error.to_string()).into())
    }

    /// What a projection makes of events. It asks for rows without `await`, so it is given a thread where it may wait.
    async fn writes_of(
        &self,
        connection: &mut Connection,
        projection: &Arc<dyn InlineProjection>,
        events: Vec<RecordedEvent>,
    ) -> Result<Vec<RowWrite>, Refused> {
        type Answer = oneshot::Sender<Result<Vec<Option<Row>>, PostgresError>>;
        let (ask, mut asked) = mpsc::channel::<(Vec<String>, Answer)>(1);
        let name = projection.name();
        let projecting = tokio::task::spawn_blocking({
            let projection = Arc::clone(projection);
            move || {
                let mut load = |keys: &[String]| -> Result<Vec<Option<Row>>, InlineFailure> {
                    let (reply, answer) = oneshot::channel();
                    ask.blocking_send((keys.to_vec(), reply)).map_err(|_| PostgresError::ShuttingDown)?;
                    Ok(answer.blocking_recv().map_err(|_| PostgresError::ShuttingDown)??)
                };
                projection.project(&events, &mut load)
            }
        });
        let mut failed = None;
        while let Some((keys, reply)) = asked.recv().await {
            let loaded = self.shared.read_models.load(&mut Session::Own(connection), name, &keys).await;
            failed = failed.or(loaded.as_ref().err().cloned());
            // If it does not wait for the answer, it has ended.
            let _ = reply.send(loaded.map(|loaded| loaded.rows));
        }
        match (projecting.await, failed) {
            (_, Some(error)) => Err(error.into()),
            (Ok(projected), None) => {
                projected.map_err(|cause| Refused::Projection { projection: name.clone(), cause: cause.into() })
            }
            (Err(error), None) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            (Err(_), None) => Err(PostgresError::ShuttingDown.into()),
        }
    }
}

#[async_trait]
impl InlineAppend for PostgresStore {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        self.append_kept(stream, expected, events, Kept::new(projections, &[])).await
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.append_multi_kept(batch, Kept::new(projections, &[])).await
    }
}

#[async_trait]
impl InlineTables for PostgresStore {
    type Table = Table;

    fn table_name(table: &Table) -> &CheckpointName {
        table.name()
    }

    async fn append_with_tables(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
        tables: &Arc<[Arc<Table>]>,
    ) -> Result<Appended, AppendError> {
        self.append_kept(stream, expected, events, Kept::new(projections, tables)).await
    }

    async fn append_multi_with_tables(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
        tables: &Arc<[Arc<Table>]>,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.append_multi_kept(batch, Kept::new(projections, tables)).await
    }
}

impl PostgresStore {
    async fn append_kept(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        kept: Kept,
    ) -> Result<Appended, AppendError> {
        self.shared.limits.check(stream, &events)?;
        match self.append_with(Task::append(stream, expected, events), kept).await {
            Ok(Done::Append(appended)) => appended,
            Ok(Done::Multi(_)) => unreachable!("an append has the outcome of one"),
            Err(Refused::Projection { projection, cause }) => Err(AppendError::NotProjected { projection, cause }),
            Err(Refused::Postgres(error)) => Err(AppendError::Store { stream: stream.clone(), cause: Box::new(error) }),
        }
    }

    async fn append_multi_kept(&self, batch: MultiAppend, kept: Kept) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.shared.limits)?;
        match self.append_with(Task::Multi(batch), kept).await {
            Ok(Done::Multi(appended)) => appended,
            Ok(Done::Append(_)) => unreachable!("an append to several streams has the outcome of one"),
            Err(Refused::Projection { projection, cause }) => {
                Err(AppendError::NotProjected { projection, cause }.into())
            }
            Err(Refused::Postgres(error)) => Err(MultiAppendError::Store { cause: Box::new(error) }),
        }
    }
}
