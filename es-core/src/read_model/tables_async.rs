//! Projections into tables that are waited for, driven with their checkpoint in the same transaction.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Failed, Tables, catch_up, in_order};
use super::tables_inline::Inline;
use crate::codec::{Codec, Json};
use crate::envelope::RecordedEvent;
use crate::processor::{EventProcessor, ProcessorError};
use crate::projection::AsyncProjectionInto;
use crate::store::{AsyncInlineTable, AsyncTransact, CheckpointName, EventFilter, EventStore};
use crate::version::Position;

/// A [`TableProjection`](super::TableProjection) whose tables are waited for.
///
/// It promises the same; only what writes is an `async fn`.
/// `es_postgres_store::Transaction` has an example.
///
/// Cloning gives another handle.
pub struct AsyncTableProjection<P, S, C = Json> {
    shared: Arc<Tables<P, S, C>>,
}

#[cfg(feature = "json")]
impl<P, S> AsyncTableProjection<P, S>
where
    S: AsyncTransact,
    P: AsyncProjectionInto<S::Transaction>,
{
    /// The projection into the tables of `store`, with events as JSON.
    pub fn new(store: S, projection: P) -> Self {
        Self::with_codec(store, projection, Json)
    }
}

impl<P, S, C> AsyncTableProjection<P, S, C>
where
    S: AsyncTransact,
    P: AsyncProjectionInto<S::Transaction>,
    C: Codec,
{
    /// The projection into the tables of `store`.
    ///
    /// # Panics
    /// The name of the projection breaks a rule of stored names, which the derive does not let happen.
    pub fn with_codec(store: S, projection: P, codec: C) -> Self {
        Self { shared: Arc::new(Tables::new(P::MODEL, store, projection, codec)) }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The tables, to be kept up in the transaction of each append by an
    /// [`InlineStore`](super::InlineStore::with_tables).
    pub fn inline(&self) -> Arc<dyn AsyncInlineTable<S::Transaction>>
    where
        S: 'static,
    {
        Arc::new(Inline(Arc::clone(&self.shared)))
    }

    /// Writes the checkpoint, which is looked at first, and the events.
    async fn write(
        &self,
        tx: &S::Transaction,
        events: &[RecordedEvent],
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), Failed> {
        S::save_in(tx, &self.shared.name, expected, through).await.map_err(Failed::Checkpoint)?;
        self.shared.write_all_async(tx, events).await.map_err(Failed::Processor)
    }

    async fn in_transaction(
        &self,
        events: &[RecordedEvent],
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), Failed> {
        let tx = self.shared.store.begin_transaction().await?;
        match self.write(&tx, events, expected, through).await {
            Ok(()) => Ok(S::commit(tx).await?),
            Err(failed) => {
                // What failed is told, whether or not this does, too: what is not committed is rolled back.
                let _ = S::roll_back(tx).await;
                Err(failed)
            }
        }
    }
}

impl<P, S, C: Codec> Tables<P, S, C> {
    pub(super) async fn write_all_async<T: Sync>(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), ProcessorError>
    where
        P: AsyncProjectionInto<T>,
    {
        for event in events {
            let written = self.projection.write_event(&self.codec, tx, event).await;
            written.map_err(|error| self.not_written(event, error))?;
        }
        Ok(())
    }
}

#[async_trait]
impl<P, S, C> EventProcessor for AsyncTableProjection<P, S, C>
where
    S: AsyncTransact + 'static,
    P: AsyncProjectionInto<S::Transaction>,
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
        let written = self.in_transaction(&in_order(work), expected, through).await;
        written.map_err(|failed| self.shared.failed(failed))
    }
}

impl<P, S, C> AsyncTableProjection<P, S, C>
where
    S: AsyncTransact + EventStore + 'static,
    P: AsyncProjectionInto<S::Transaction>,
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

impl<P, S, C> Clone for AsyncTableProjection<P, S, C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P, S, C> fmt::Debug for AsyncTableProjection<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncTableProjection").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
