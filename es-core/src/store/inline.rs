//! The capability to keep read models up inside the transaction of an append.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AppendError, Appended, CheckpointName, EventFilter, MultiAppend, MultiAppendError, MultiAppended,
    MultiStreamAppend, ReadModelStore, Row, RowWrite,
};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

/// Why a projection could not take in an event.
pub type InlineFailure = Box<dyn Error + Send + Sync>;

/// The rows with the given keys, as the transaction sees them.
pub type RowLoader<'t> = dyn FnMut(&[String]) -> Result<Vec<Option<Row>>, InlineFailure> + 't;

/// A read model that is kept up inside the transaction of an append.
///
/// It waits for nothing: everybody who writes waits for it.
pub trait InlineProjection: Send + Sync {
    /// The name of the read model and of its checkpoint.
    fn name(&self) -> &CheckpointName;

    /// Which events it is given.
    fn filter(&self) -> EventFilter;

    /// What `events`, which are in the order of the log, do to the rows.
    ///
    /// # Errors
    /// An event or a row cannot be read; the append is then refused.
    fn project(&self, events: &[RecordedEvent], load: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure>;

    /// The transaction that wrote what it said has been committed.
    fn committed(&self) {}
}

/// The projections that are kept up with an append.
pub type InlineProjections = Arc<[Arc<dyn InlineProjection>]>;

/// A store that can keep read models up in the transaction of an append.
///
/// # Contract
///
/// - N1. After an append, each of the read models has seen the whole log, what was appended included, and its checkpoint
///   says so: it is given what follows its checkpoint, whoever appended it.
/// - N2. The events and the rows are written together or not at all.
///   If a projection cannot take an event in, the append is [refused](AppendError::NotProjected).
/// - N3. An append that is refused, or was sent before, leaves the events as they are; the rules of
///   [`EventStore`](super::EventStore) and [`MultiStreamAppend`] hold as without projections.
///
/// So a projection must have caught up before it is kept inline, or the first append does it, for as long as that takes.
#[async_trait]
pub trait InlineAppend: MultiStreamAppend + ReadModelStore {
    /// [`append`](super::EventStore::append), with projections.
    ///
    /// # Errors
    /// See [`AppendError`]; unless it is [`AppendError::Store`], nothing has been written.
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError>;

    /// [`append_multi`](MultiStreamAppend::append_multi), with projections.
    ///
    /// # Errors
    /// See [`MultiAppendError`]; unless it is [`MultiAppendError::Store`], nothing has been written.
    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError>;
}
