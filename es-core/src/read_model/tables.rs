//! Projections into tables of the user's, driven with their checkpoint in the same transaction.

use std::fmt;

use async_trait::async_trait;

use crate::codec::{Codec, Json};
use crate::envelope::RecordedEvent;
use crate::processor::{EventProcessor, EventRef, ProcessorError};
use crate::projection::{ProjectionInto, WriteError};
use crate::store::{CheckpointError, CheckpointName, EventFilter, EventStore, ReadLog, Transact, TransactionFailed};
use crate::version::Position;

/// How many events are read and written at a time by [`TableProjection::catch_up`].
const PAGE: usize = 512;

/// A projection that writes into tables of its own, inside the transactions of the store that has them.
///
/// It is an [`EventProcessor`]: what it writes for the events of a batch and its checkpoint are committed together, so
/// every event counts exactly once.
/// `es_sqlite_store::Transaction` has an example.
pub struct TableProjection<P, S, C = Json> {
    store: S,
    codec: C,
    projection: P,
    name: CheckpointName,
    filter: EventFilter,
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
        let model = model::<P, S>();
        let name = CheckpointName::new(&model.checkpoint_name()).expect("the derive has checked the name");
        let filter = EventFilter::all().models(model.events).models(model.split);
        Self { store, codec, projection, name, filter }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }
}

fn model<'t, P: ProjectionInto<S::Transaction<'t>>, S: Transact + 't>() -> crate::model::ProjectionModel {
    P::MODEL
}

/// Why a transaction was rolled back.
enum Failed {
    Processor(ProcessorError),
    Checkpoint(CheckpointError),
    Transaction(TransactionFailed),
}

impl From<TransactionFailed> for Failed {
    fn from(error: TransactionFailed) -> Self {
        Self::Transaction(error)
    }
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
        &self.name
    }

    fn filter(&self) -> EventFilter {
        self.filter.clone()
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        let loaded = self.store.load_checkpoint(&self.name).await;
        loaded.map_err(|cause| ProcessorError::Store { processor: self.name.clone(), cause: cause.into() })
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
        let mut events: Vec<_> = work.into_iter().flatten().collect();
        // Parts that are handled side by side are given in any order; tables may depend on that of the log.
        events.sort_by_key(|event| event.position);
        let written = self.store.in_transaction(|tx| self.write::<S>(tx, &events, expected, through)).await;
        match written {
            Ok(()) => Ok(()),
            Err(Failed::Processor(error)) => Err(error),
            Err(Failed::Checkpoint(CheckpointError::Conflict { expected, actual, .. })) => {
                Err(ProcessorError::Superseded { processor: self.name.clone(), expected, actual })
            }
            Err(Failed::Checkpoint(cause)) => {
                Err(ProcessorError::Store { processor: self.name.clone(), cause: cause.into() })
            }
            Err(Failed::Transaction(TransactionFailed(cause))) => {
                Err(ProcessorError::Store { processor: self.name.clone(), cause })
            }
        }
    }
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
        T::save_in(tx, &self.name, expected, through).map_err(Failed::Checkpoint)?;
        for event in events {
            self.projection.write_event(&self.codec, tx, event).map_err(|error| {
                let cause = match error {
                    WriteError::Decode(cause) => cause.into(),
                    WriteError::Write(cause) => cause.into(),
                };
                let (processor, at) = (self.name.clone(), EventRef::from(event));
                Failed::Processor(ProcessorError::Event { processor, at, cause })
            })?;
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
        let (mut head, mut expected) = (None, self.checkpoint().await?);
        loop {
            let range = ReadLog::after(expected.unwrap_or_default()).limit(PAGE).filter(self.filter.clone());
            let page = self.store.read_log(range).await;
            let page =
                page.map_err(|cause| ProcessorError::Store { processor: self.name.clone(), cause: cause.into() })?;
            let head = *head.get_or_insert(page.head);
            if expected == Some(page.through) {
                return Ok(page.through);
            }
            self.commit(vec![page.events], expected, page.through).await?;
            expected = Some(page.through);
            if page.through >= head {
                return Ok(page.through);
            }
        }
    }
}

impl<P, S, C> fmt::Debug for TableProjection<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableProjection").field("name", &self.name).finish_non_exhaustive()
    }
}
