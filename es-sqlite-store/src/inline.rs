//! Read models and tables that are kept up in the transaction of an append: rules N1 to N3, for all appends of a group at
//! once.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointName, EventFilter, EventStore, InlineAppend, InlineFailure, InlineProjections,
    InlineTable, InlineTables, MultiAppend, MultiAppendError, MultiAppended, ReadLog,
};
use es_core::{ExpectedVersion, NewEvent, RecordedEvent, StreamId};
use rusqlite::Connection;

use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::read;
use crate::row::KnownKinds;
use crate::rows;
use crate::store::SqliteStore;
use crate::transaction::Transaction;
use crate::writer::{Done, Task};

/// How many events a projection is given at once.
const BATCH: usize = 1024;

type Table = dyn for<'t> InlineTable<Transaction<'t>>;

/// What is kept up with an append.
#[derive(Clone)]
pub(crate) struct Inline {
    rows: InlineProjections,
    tables: Arc<[Arc<Table>]>,
}

impl Default for Inline {
    fn default() -> Self {
        Self { rows: Arc::new([]), tables: Arc::new([]) }
    }
}

impl Inline {
    /// Tells the projections that what they said is there, whether or not who appended still waits.
    pub(crate) fn committed(&self) {
        self.rows.iter().for_each(|projection| projection.committed());
    }
}

/// Lets everything that is kept up see what follows its checkpoint, in a transaction that somebody else commits.
pub(crate) fn project<'i>(tx: &Connection, kept: impl Iterator<Item = &'i Inline> + Clone) -> Result<(), SqliteError> {
    // What is read here may be rolled back, so nothing of it is kept.
    let mut kinds = KnownKinds::default();
    // Several appends of a group bring the same one.
    let mut done: Vec<&str> = Vec::new();
    let mut is_new = |name: &'i CheckpointName| {
        let is_new = !done.contains(&name.as_str());
        done.push(name.as_str());
        is_new
    };
    for rows in kept.clone().flat_map(|inline| &*inline.rows) {
        let name = rows.name();
        if is_new(name) {
            catch_up(tx, &mut kinds, name, rows.filter(), |events| {
                let mut load =
                    |keys: &[String]| rows::load(tx, name, keys).map_err(|error| Box::new(error) as InlineFailure);
                let projected = rows.project(events, &mut load);
                rows::write(tx, name, &projected.map_err(|cause| not_projected(name, cause))?)
            })?;
        }
    }
    for table in kept.flat_map(|inline| &*inline.tables) {
        let name = table.name();
        if is_new(name) {
            catch_up(tx, &mut kinds, name, table.filter(), |events| {
                let written = table.write(&Transaction::new(tx), events);
                if tx.is_autocommit() {
                    return Err(SqliteError::TransactionEnded);
                }
                written.map_err(|cause| not_projected(name, cause))
            })?;
        }
    }
    Ok(())
}

fn not_projected(name: &CheckpointName, cause: InlineFailure) -> SqliteError {
    SqliteError::NotProjected { projection: name.clone(), source: cause.into() }
}

/// Hands `take` what follows the checkpoint, page by page, and moves the checkpoint.
fn catch_up(
    tx: &Connection,
    kinds: &mut KnownKinds,
    name: &CheckpointName,
    filter: EventFilter,
    take: impl Fn(&[RecordedEvent]) -> Result<(), SqliteError>,
) -> Result<(), SqliteError> {
    let expected = checkpoints::load(tx, name)?;
    let mut range = ReadLog::after(expected.unwrap_or_default()).filter(filter).limit(BATCH);
    loop {
        let page = read::page_of_log(tx, kinds, &range)?;
        take(&page.events)?;
        range.after = page.through;
        if page.is_end {
            break;
        }
    }
    let position = range.after;
    let save = Change::Save { expected, position };
    match checkpoints::change(tx, name, &save)? {
        Ok(_) => Ok(()),
        Err(error) => Err(SqliteError::broken(error.to_string())),
    }
}

impl SqliteStore {
    async fn append_kept(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        inline: Inline,
    ) -> Result<Appended, AppendError> {
        self.limits().check(stream, &events)?;
        match self.shared.write(Task::Append { stream: stream.clone(), expected, events, inline }).await {
            Ok(Done::Append(appended)) => appended,
            Ok(_) => unreachable!("an append has the outcome of one"),
            Err(SqliteError::NotProjected { projection, source: cause }) => {
                Err(AppendError::NotProjected { projection, cause })
            }
            Err(error) => Err(AppendError::Store { stream: stream.clone(), cause: Box::new(error) }),
        }
    }

    async fn append_multi_kept(&self, batch: MultiAppend, inline: Inline) -> Result<MultiAppended, MultiAppendError> {
        batch.validate(&self.limits())?;
        match self.shared.write(Task::AppendMulti { batch, inline }).await {
            Ok(Done::AppendMulti(appended)) => appended,
            Ok(_) => unreachable!("an append to several streams has the outcome of one"),
            Err(SqliteError::NotProjected { projection, source: cause }) => {
                Err(AppendError::NotProjected { projection, cause }.into())
            }
            Err(error) => Err(MultiAppendError::Store { cause: Box::new(error) }),
        }
    }
}

#[async_trait]
impl InlineAppend for SqliteStore {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        let inline = Inline { rows: Arc::clone(projections), ..Inline::default() };
        self.append_kept(stream, expected, events, inline).await
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.append_multi_kept(batch, Inline { rows: Arc::clone(projections), ..Inline::default() }).await
    }
}

#[async_trait]
impl InlineTables for SqliteStore {
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
        let inline = Inline { rows: Arc::clone(projections), tables: Arc::clone(tables) };
        self.append_kept(stream, expected, events, inline).await
    }

    async fn append_multi_with_tables(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
        tables: &Arc<[Arc<Table>]>,
    ) -> Result<MultiAppended, MultiAppendError> {
        let inline = Inline { rows: Arc::clone(projections), tables: Arc::clone(tables) };
        self.append_multi_kept(batch, inline).await
    }
}
