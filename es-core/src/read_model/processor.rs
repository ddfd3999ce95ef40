//! The read model as a processor: rows are loaded and folded by `handle`, and written with the checkpoint by `commit`.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use super::ReadModel;
use super::fold::{Changes, FoldError, fold, writes};
use super::tombstone::leave_tombstones;
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::processor::{EventProcessor, EventRef, ProcessorError, Rebuild};
use crate::projection::{KeyedProjection, RowError};
use crate::store::{
    CheckpointError, CheckpointName, EventFilter, EventStore, ReadLog, ReadModelError, ReadModelStore, RowWrite,
};
use crate::version::Position;

/// How many events are read and folded at a time by [`ReadModel::catch_up`].
const PAGE: usize = 1024;

/// What a part of a batch does to rows.
pub struct RowWork {
    keys: Vec<String>,
    writes: Vec<RowWrite>,
    /// To be folded again, should another part of the batch be about the same rows.
    events: Vec<RecordedEvent>,
    overtaken: Option<Overtaken>,
}

/// An event that left a row as it was, because the row has seen later ones.
struct Overtaken {
    at: EventRef,
    key: String,
    stored: Position,
}

impl fmt::Debug for RowWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowWork")
            .field("rows", &self.keys.len())
            .field("writes", &self.writes.len())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

/// Whether two parts are about the same row.
fn share_rows(work: &[RowWork]) -> bool {
    let mut seen = HashSet::new();
    work.len() > 1 && !work.iter().flat_map(|part| &part.keys).all(|key| seen.insert(key.as_str()))
}

impl<P: KeyedProjection, S, C: Codec> ReadModel<P, S, C> {
    fn failed(&self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> ProcessorError {
        ProcessorError::Store { processor: self.shared.name.clone(), cause: cause.into() }
    }

    fn unfolded(&self, error: FoldError) -> ProcessorError {
        match error {
            FoldError::Event { at, cause } => ProcessorError::Event {
                processor: self.shared.name.clone(),
                at: EventRef::from(&*at),
                cause: Box::new(cause),
            },
            FoldError::Load(cause) => self.failed(cause),
        }
    }
}

impl<P: KeyedProjection, S: ReadModelStore, C: Codec> ReadModel<P, S, C> {
    /// What `events` do to the rows that are stored.
    async fn work(&self, events: Vec<RecordedEvent>) -> Result<RowWork, ProcessorError> {
        let codec = &self.shared.codec;
        let changes = Changes::<P>::read(codec, &events).map_err(|error| self.unfolded(error))?;
        let stored = if changes.keys.is_empty() {
            Vec::new()
        } else {
            let loaded = self.shared.store.load_rows(&self.shared.name, &changes.keys).await;
            loaded.map_err(|error| self.failed(error))?.rows
        };
        let rows = fold(codec, &events, changes, stored).map_err(|error| self.unfolded(error))?;
        let writes = writes(codec, &events, &rows).map_err(|error| self.unfolded(error))?;
        let overtaken = rows.iter().find_map(|row| {
            let (position, stored) = row.overtaken?;
            let event = events.iter().find(|event| event.position == position)?;
            Some(Overtaken { at: event.into(), key: row.key.clone(), stored })
        });
        let keys = rows.into_iter().map(|row| row.key).collect();
        Ok(RowWork { keys, writes, events, overtaken })
    }
}

#[async_trait]
impl<P: KeyedProjection, S: ReadModelStore, C: Codec> EventProcessor for ReadModel<P, S, C> {
    type Work = RowWork;

    fn name(&self) -> &CheckpointName {
        &self.shared.name
    }

    fn filter(&self) -> EventFilter {
        self.shared.filter.clone()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        P::row_keys(&self.shared.codec, event)
            .map_err(|cause| self.unfolded(FoldError::Event { at: Box::new(event.clone()), cause }))
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        self.shared.store.load_checkpoint(&self.shared.name).await.map_err(|error| self.failed(error))
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<RowWork, ProcessorError> {
        self.work(events.to_vec()).await
    }

    async fn commit(
        &self,
        mut work: Vec<RowWork>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        let is_behind = through == expected.unwrap_or_default();
        // In the order of the log, what a row has seen is done. What is tried again behind the checkpoint need not be: its
        // keys may not have been known when it was parked, so later events of them went on.
        if let Some(Overtaken { at, key, stored }) = work.iter_mut().find_map(|part| part.overtaken.take())
            && is_behind
        {
            let (projection, position) = (P::NAME, at.position);
            let cause = Box::new(RowError::Overtaken { projection, key, position, stored });
            return Err(ProcessorError::Event { processor: self.shared.name.clone(), at, cause });
        }
        let writes = if share_rows(&work) {
            // Each was folded from what is stored; together they are folded again, in the order of the log.
            let mut events: Vec<_> = work.into_iter().flat_map(|part| part.events).collect();
            events.sort_by_key(|event| event.position);
            self.work(events).await?.writes
        } else {
            let last = work.iter().flat_map(|part| &part.events).map(|event| event.position).max();
            let writes = work.into_iter().flat_map(|part| part.writes).collect();
            match last {
                // What is done again behind the checkpoint may be done once more.
                Some(last) if is_behind => leave_tombstones(writes, last),
                _ => writes,
            }
        };
        match self.shared.store.commit_rows(&self.shared.name, writes, expected, through).await {
            Ok(()) => {
                self.shared.moved.notify(usize::MAX);
                Ok(())
            }
            Err(ReadModelError::Checkpoint(CheckpointError::Conflict { expected, actual, .. })) => {
                Err(ProcessorError::Superseded { processor: self.shared.name.clone(), expected, actual })
            }
            Err(error) => Err(self.failed(error)),
        }
    }
}

#[async_trait]
impl<P: KeyedProjection, S: ReadModelStore, C: Codec> Rebuild for ReadModel<P, S, C> {
    /// Takes all rows and the checkpoint away, as a whole: rule M10.
    async fn clear(&self) -> Result<(), ProcessorError> {
        let dropped = self.shared.store.drop_read_model(&self.shared.name).await;
        dropped.map_err(|error| self.failed(error))?;
        self.shared.moved.notify(usize::MAX);
        Ok(())
    }
}

impl<P: KeyedProjection, S: ReadModelStore + EventStore, C: Codec> ReadModel<P, S, C> {
    /// Projects everything up to the head that the log has now, and returns the checkpoint.
    ///
    /// A runner does so as well, and goes on; this is for tests, for programs without one, and before the read model is
    /// kept [inline](Self::inline).
    ///
    /// # Errors
    /// See [`ProcessorError`]; the checkpoint then stands before the page with the event that failed.
    pub async fn catch_up(&self) -> Result<Position, ProcessorError> {
        let mut head = None;
        let mut expected = self.checkpoint().await?;
        loop {
            let range = ReadLog::after(expected.unwrap_or_default()).limit(PAGE).filter(self.shared.filter.clone());
            let page = self.shared.store.read_log(range).await.map_err(|error| self.failed(error))?;
            let head = *head.get_or_insert(page.head);
            if expected == Some(page.through) {
                return Ok(page.through);
            }
            let work = self.work(page.events).await?;
            self.commit(vec![work], expected, page.through).await?;
            expected = Some(page.through);
            if page.through >= head {
                return Ok(page.through);
            }
        }
    }
}
