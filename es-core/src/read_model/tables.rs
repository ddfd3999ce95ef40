//! Projections into tables of the user's, driven with their checkpoint in the same transaction.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::tables_inline::Inline;
use crate::codec::{Codec, Json};
use crate::envelope::RecordedEvent;
use crate::model::ProjectionModel;
use crate::processor::{EventProcessor, EventRef, ProcessorError};
use crate::projection::{ProjectionInto, WriteError};
use crate::store::{
    CheckpointError, CheckpointName, EventFilter, EventStore, InlineTable, ReadLog, Transact, TransactionFailed,
};
use crate::version::Position;

/// How many events are read and written at a time by [`TableProjection::catch_up`].
const PAGE: usize = 512;

/// A projection that writes into tables of its own, inside the transactions of the store that has them.
///
/// It is an [`EventProcessor`]: what it writes for the events of a batch and its checkpoint are committed together, so
/// every event counts exactly once.
/// Kept up [inline](Self::inline), it changes in the transaction of each append.
/// `es_sqlite_store::Transaction` has an example.
/// Where the client of the store is asynchronous, it is an [`AsyncTableProjection`](super::AsyncTableProjection).
///
/// Cloning gives another handle.
pub struct TableProjection<P, S, C = Json> {
    pub(super) shared: Arc<Tables<P, S, C>>,
}

/// What drivers of tables know, whether they wait or not.
pub(super) struct Tables<P, S, C> {
    pub(super) store: S,
    pub(super) codec: C,
    pub(super) projection: P,
    pub(super) name: CheckpointName,
    pub(super) filter: EventFilter,
}

impl<P, S, C> Tables<P, S, C> {
    pub(super) fn new(model: ProjectionModel, store: S, projection: P, codec: C) -> Self {
        let name = CheckpointName::new(&model.checkpoint_name()).expect("the derive has checked the name");
        let filter = EventFilter::all().models(model.events).models(model.split);
        Self { store, codec, projection, name, filter }
    }

    pub(super) fn not_written<E: std::error::Error + Send + Sync>(
        &self,
        event: &RecordedEvent,
        error: WriteError<E>,
    ) -> ProcessorError {
        let cause = match error {
            WriteError::Decode(cause) => cause.into(),
            WriteError::Write(cause) => cause.into(),
        };
        ProcessorError::Event { processor: self.name.clone(), at: EventRef::from(event), cause }
    }

    pub(super) fn failed(&self, failed: Failed) -> ProcessorError {
        let processor = self.name.clone();
        match failed {
            Failed::Processor(error) => error,
            Failed::Checkpoint(CheckpointError::Conflict { expected, actual, .. }) => {
                ProcessorError::Superseded { processor, expected, actual }
            }
            Failed::Checkpoint(cause) => ProcessorError::Store { processor, cause: cause.into() },
            Failed::Transaction(TransactionFailed(cause)) => ProcessorError::Store { processor, cause },
        }
    }
}

/// Why a transaction was rolled back.
pub(super) enum Failed {
    Processor(ProcessorError),
    Checkpoint(CheckpointError),
    Transaction(TransactionFailed),
}

impl From<TransactionFailed> for Failed {
    fn from(error: TransactionFailed) -> Self {
        Self::Transaction(error)
    }
}

#[cfg(feature = "json")]
impl<P, S> TableProjection<P, S>
where
    S: Transact,
    P: for<'t> ProjectionInto<S::Transaction<'t>>,
{
    /// The projection into the tables of `store`, with events as JSON.
    pub fn new(store: S, projection: P) -> Self {
        Self::with_codec(store, projection, Json)
    }
}

impl<P, S, C> TableProjection<P, S, C>
where
    S: Transact,
    P: for<'t> ProjectionInto<S::Transaction<'t>>,
    C: Codec,
{
    /// The projection into the tables of `store`.
    ///
    /// # Panics
    /// The name of the projection breaks a rule of stored names, which the derive does not let happen.
    pub fn with_codec(store: S, projection: P, codec: C) -> Self {
        Self { shared: Arc::new(Tables::new(model::<P, S>(), store, projection, codec)) }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The tables, to be kept up in the transaction of each append by an
    /// [`InlineStore`](super::InlineStore::with_tables).
    pub fn inline(&self) -> Arc<dyn for<'t> InlineTable<S::Transaction<'t>>>
    where
        S: 'static,
    {
        Arc::new(Inline(Arc::clone(&self.shared)))
    }
}

fn model<'t, P: ProjectionInto<S::Transaction<'t>>, S: Transact + 't>() -> ProjectionModel {
    P::MODEL
}

#[async_trait]
impl<P, S, C> EventProcessor for TableProjection<P, S, C>
where
    S: Transact + 'static,
    P: for<'t> ProjectionInto<S::Transaction<'t>>,
    C: Codec,
{
    type Work = Vec<RecordedEvent>;

    fn name(&self) -> &CheckpointName {
        &self.shared.name
    }

    fn filter(&self) -> EventFilter {
        self.shared.filter.clone()
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        let loaded = self.shared.store.load_checkpoint(&self.shared.name).await;
        loaded.map_err(|cause| self.shared.failed(Failed::Checkpoint(cause)))
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<Self::Work, ProcessorError> {
        Ok(events.to_vec())
    }

    async fn commit(
        &self,
        work: Vec<Self::Work>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        let events = in_order(work);
        let written = self.shared.store.in_transaction(|tx| self.write::<S>(tx, &events, expected, through)).await;
        written.map_err(|failed| self.shared.failed(failed))
    }
}

/// Parts that are handled side by side are given in any order; tables may depend on that of the log.
pub(super) fn in_order(work: Vec<Vec<RecordedEvent>>) -> Vec<RecordedEvent> {
    let mut events: Vec<_> = work.into_iter().flatten().collect();
    events.sort_by_key(|event| event.position);
    events
}

impl<P, S, C: Codec> TableProjection<P, S, C> {
    /// Writes the events and the checkpoint, which is looked at first.
    fn write<'t, T>(
        &self,
        tx: &T::Transaction<'t>,
        events: &[RecordedEvent],
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), Failed>
    where
        T: Transact + 't,
        P: ProjectionInto<T::Transaction<'t>>,
    {
        T::save_in(tx, &self.shared.name, expected, through).map_err(Failed::Checkpoint)?;
        self.shared.write_all(tx, events).map_err(Failed::Processor)
    }
}

impl<P, S, C: Codec> Tables<P, S, C> {
    pub(super) fn write_all<T>(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), ProcessorError>
    where
        P: ProjectionInto<T>,
    {
        for event in events {
            let written = self.projection.write_event(&self.codec, tx, event);
            written.map_err(|error| self.not_written(event, error))?;
        }
        Ok(())
    }
}

impl<P, S, C> TableProjection<P, S, C>
where
    S: Transact + EventStore + 'static,
    P: for<'t> ProjectionInto<S::Transaction<'t>>,
    C: Codec,
{
    /// Writes everything up to the head that the log has now, and returns the checkpoint.
    ///
    /// # Errors
    /// See [`ProcessorError`]; the checkpoint then stands before the page with the event that failed.
    pub async fn catch_up(&self) -> Result<Position, ProcessorError> {
        catch_up(self, &self.shared.store).await
    }
}

pub(super) async fn catch_up<P, S>(processor: &P, store: &S) -> Result<Position, ProcessorError>
where
    P: EventProcessor<Work = Vec<RecordedEvent>>,
    S: EventStore,
{
    let (mut head, mut expected) = (None, processor.checkpoint().await?);
    loop {
        let range = ReadLog::after(expected.unwrap_or_default()).limit(PAGE).filter(processor.filter());
        let page = store.read_log(range).await;
        let page =
            page.map_err(|cause| ProcessorError::Store { processor: processor.name().clone(), cause: cause.into() })?;
        let head = *head.get_or_insert(page.head);
        if expected == Some(page.through) {
            return Ok(page.through);
        }
        processor.commit(vec![page.events], expected, page.through).await?;
        expected = Some(page.through);
        if page.through >= head {
            return Ok(page.through);
        }
    }
}

impl<P, S, C> Clone for TableProjection<P, S, C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P, S, C> fmt::Debug for TableProjection<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableProjection").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
