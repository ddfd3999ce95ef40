//! The one connection that writes: many tasks, one transaction, one commit.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, MultiAppend, MultiAppendError, MultiAppended, RowWrite,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId};
use rusqlite::{Connection, TransactionBehavior};

use crate::append::{Kinds, Log};
use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::inline::{self, Inline};
use crate::queue::Work;
use crate::rows::{self, RowChange};
use crate::snapshots;
use crate::watch::Watch;

/// Something to write.
pub(crate) enum Task {
    Append { stream: StreamId, expected: ExpectedVersion, events: Vec<NewEvent>, inline: Inline },
    AppendMulti { batch: MultiAppend, inline: Inline },
    Rows { name: CheckpointName, change: RowChange },
    Checkpoint { name: CheckpointName, change: Change },
    Snapshots(snapshots::Change),
}

/// What was decided about it.
pub(crate) enum Done {
    Append(Result<Appended, AppendError>),
    AppendMulti(Result<MultiAppended, MultiAppendError>),
    Checkpoint(Result<Option<Position>, CheckpointError>),
    Rows(Result<bool, CheckpointError>),
    Snapshots,
}

/// Why nothing was decided about it.
pub(crate) enum Failed {
    Store(SqliteError),
    /// Its own work panicked, or that of a projection that was to be kept up with it; that is for its own caller.
    Panicked(Box<dyn Any + Send>),
}

/// The connection, and whom to tell about new events.
pub(crate) struct Writer {
    file: Mutex<File>,
    watch: Arc<Watch>,
}

/// What was decided about each task, and the position of the last event that was written.
type Written = (Vec<Done>, Option<Position>);

pub(crate) struct File {
    pub(crate) connection: Connection,
    kinds: Kinds,
}

impl Writer {
    pub(crate) fn new(connection: Connection, watch: Arc<Watch>) -> Self {
        Self { file: Mutex::new(File { connection, kinds: Kinds::default() }), watch }
    }

    pub(crate) fn file(&self) -> MutexGuard<'_, File> {
        // A transaction that panics is rolled back before the lock is given up, and the kinds are only a cache; see `write`.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// All tasks in one transaction, each with its own outcome; or none of them.
    fn write(&mut self, tasks: &[Task]) -> Result<Written, SqliteError> {
        // What is learnt here is forgotten, unless it has been committed.
        let mut kinds = std::mem::take(&mut self.kinds);
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut log = Log::new(&tx, &mut kinds)?;
        let done: Vec<_> = tasks.iter().map(|task| task.perform(&tx, &mut log)).collect::<Result<_, _>>()?;
        let head = log.finish()?;
        let appends = tasks.iter().zip(&done).filter(|(_, done)| done.has_appended());
        inline::project(&tx, appends.filter_map(|(task, _)| task.inline()))?;
        tx.commit()?;
        self.kinds = kinds;
        Ok((done, head))
    }

    /// The same; if it panics, what it has done is rolled back, too.
    fn try_write(&mut self, tasks: &[Task]) -> Result<Written, Failed> {
        // The transaction is rolled back as it is dropped, and of the kinds that were learnt none is left.
        match catch_unwind(AssertUnwindSafe(|| self.write(tasks))) {
            Ok(written) => written.map_err(Failed::Store),
            Err(panic) => Err(Failed::Panicked(panic)),
        }
    }
}

impl Done {
    /// Whether the task is an append that was accepted.
    fn has_appended(&self) -> bool {
        matches!(self, Self::Append(Ok(_)) | Self::AppendMulti(Ok(_)))
    }
}

impl Task {
    fn inline(&self) -> Option<&Inline> {
        match self {
            Self::Append { inline, .. } | Self::AppendMulti { inline, .. } => Some(inline),
            _ => None,
        }
    }

    fn perform<'t>(&'t self, tx: &Connection, log: &mut Log<'t>) -> Result<Done, SqliteError> {
        Ok(match self {
            Self::Append { stream, expected, events, .. } => Done::Append(log.append(stream, *expected, events)?),
            Self::AppendMulti { batch, .. } => Done::AppendMulti(log.append_multi(batch)?),
            Self::Snapshots(change) => {
                snapshots::change(tx, change)?;
                Done::Snapshots
            }
            Self::Rows { name, change } => Done::Rows(rows::change(tx, name, change)?),
            Self::Checkpoint { name, change } => Done::Checkpoint(checkpoints::change(tx, name, change)?),
        })
    }
}

impl Work for Writer {
    type Task = Task;
    type Outcome = Result<Done, Failed>;

    /// Bytes and rows that wait in memory for one commit.
    const MOST: usize = 4 * 1024 * 1024;

    fn weight(task: &Task) -> usize {
        let bytes = |event: &NewEvent| event.payload.len() + 256;
        let of_row = |write: &RowWrite| match write {
            RowWrite::Put(row) => row.payload.len() + row.key.len() + 256,
            RowWrite::Delete(key) => key.len(),
        };
        256 + match task {
            Task::Append { events, .. } => events.iter().map(bytes).sum(),
            Task::AppendMulti { batch, .. } => batch.events.iter().map(|(_, event)| bytes(event)).sum(),
            Task::Snapshots(snapshots::Change::Save(snapshot)) => snapshot.payload.len(),
            Task::Rows { change: RowChange::Commit { writes, .. }, .. } => writes.iter().map(of_row).sum(),
            Task::Rows { .. } | Task::Checkpoint { .. } | Task::Snapshots(_) => 0,
        }
    }

    fn run(&self, tasks: Vec<Task>) -> Vec<Self::Outcome> {
        let mut file = self.file();
        let written = match file.try_write(&tasks) {
            Ok(written) => vec![Ok(written)],
            Err(Failed::Store(error)) if !error.is_of_one() => {
                tasks.iter().map(|_| Err(Failed::Store(error.clone()))).collect()
            }
            Err(failed) if tasks.len() == 1 => vec![Err(failed)],
            // One of them may be to blame; the others are not to suffer for it. What had been written is noticed.
            Err(_) => tasks.iter().map(|task| file.try_write(std::slice::from_ref(task))).collect(),
        };
        drop(file);
        let mut outcomes = Vec::with_capacity(tasks.len());
        let mut head = None;
        for written in written {
            match written {
                Ok((done, last)) => {
                    head = last.max(head);
                    outcomes.extend(done.into_iter().map(Ok));
                }
                Err(failed) => outcomes.push(Err(failed)),
            }
        }
        if let Some(head) = head {
            self.watch.grown(head);
        }
        for (task, outcome) in tasks.iter().zip(&mut outcomes) {
            if let (Some(inline), Ok(done)) = (task.inline(), &*outcome)
                && done.has_appended()
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| inline.committed()))
            {
                *outcome = Err(Failed::Panicked(panic));
            }
        }
        outcomes
    }

    fn panicked() -> Self::Outcome {
        Err(Failed::Store(SqliteError::Panicked))
    }
}
