//! The capability to let tables of the user's change in the transaction of an append. It knows nothing of the tables.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    AppendError, Appended, CheckpointName, EventFilter, InlineAppend, InlineFailure, InlineProjections, MultiAppend,
    MultiAppendError, MultiAppended,
};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

/// Tables of the user's that are kept up inside the transaction of an append, through a `T`.
///
/// It waits for nothing: everybody who writes waits for it.
pub trait InlineTable<T: ?Sized>: Send + Sync {
    /// The name of its checkpoint.
    fn name(&self) -> &CheckpointName;

    /// Which events it is given.
    fn filter(&self) -> EventFilter;

    /// Writes what `events`, which are in the order of the log, say.
    ///
    /// # Errors
    /// An event cannot be read or written; the append is then refused.
    fn write(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), InlineFailure>;
}

/// An [`InlineTable`] that waits for the tables, and for nothing else.
#[async_trait]
pub trait AsyncInlineTable<T: ?Sized>: Send + Sync {
    /// The name of its checkpoint.
    fn name(&self) -> &CheckpointName;

    /// Which events it is given.
    fn filter(&self) -> EventFilter;

    /// Writes what `events`, which are in the order of the log, say.
    ///
    /// # Errors
    /// An event cannot be read or written; the append is then refused.
    async fn write(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), InlineFailure>;
}

/// A store that can let tables of the user's change in the transaction of an append.
///
/// # Contract
///
/// N1 to N3 of [`InlineAppend`] hold for the tables as for read models, and rows, tables, checkpoints and events are
/// written together or not at all.
#[async_trait]
pub trait InlineTables: InlineAppend {
    /// What keeps tables up in this store: an [`InlineTable`] or an [`AsyncInlineTable`] of its transactions.
    type Table: ?Sized + Send + Sync + 'static;

    /// The name of the checkpoint of tables.
    fn table_name(table: &Self::Table) -> &CheckpointName;

    /// [`append_inline`](InlineAppend::append_inline), with tables.
    ///
    /// # Errors
    /// See [`AppendError`]; unless it is [`AppendError::Store`], nothing has been written.
    async fn append_with_tables(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
        tables: &Arc<[Arc<Self::Table>]>,
    ) -> Result<Appended, AppendError>;

    /// [`append_multi_inline`](InlineAppend::append_multi_inline), with tables.
    ///
    /// # Errors
    /// See [`MultiAppendError`]; unless it is [`MultiAppendError::Store`], nothing has been written.
    async fn append_multi_with_tables(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
        tables: &Arc<[Arc<Self::Table>]>,
    ) -> Result<MultiAppended, MultiAppendError>;
}
