//! Tables inside the transaction of an append, and how a store that can do so is asked to.

use std::sync::Arc;

use async_trait::async_trait;

use super::tables::Tables;
use crate::codec::Codec;
use crate::envelope::{NewEvent, RecordedEvent};
use crate::projection::{AsyncProjectionInto, ProjectionInto};
use crate::store::{
    AppendError, Appended, AsyncInlineTable, CheckpointName, EventFilter, InlineFailure, InlineProjections,
    InlineTable, InlineTables, MultiAppend, MultiAppendError, MultiAppended,
};
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

pub(super) struct Inline<P, S, C>(pub(super) Arc<Tables<P, S, C>>);

impl<T, P, S, C> InlineTable<T> for Inline<P, S, C>
where
    P: ProjectionInto<T>,
    S: Send + Sync,
    C: Codec,
{
    fn name(&self) -> &CheckpointName {
        &self.0.name
    }

    fn filter(&self) -> EventFilter {
        self.0.filter.clone()
    }

    fn write(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), InlineFailure> {
        Ok(self.0.write_all(tx, events)?)
    }
}

#[async_trait]
impl<T, P, S, C> AsyncInlineTable<T> for Inline<P, S, C>
where
    T: Sync,
    P: AsyncProjectionInto<T>,
    S: Send + Sync,
    C: Codec,
{
    fn name(&self) -> &CheckpointName {
        &self.0.name
    }

    fn filter(&self) -> EventFilter {
        self.0.filter.clone()
    }

    async fn write(&self, tx: &T, events: &[RecordedEvent]) -> Result<(), InlineFailure> {
        Ok(self.0.write_all_async(tx, events).await?)
    }
}

/// Appends to a store `S` with tables, whose type is that of the store.
#[async_trait]
pub(super) trait AppendWithTables<S>: Send + Sync {
    fn names(&self) -> Vec<&str>;

    async fn append(
        &self,
        store: &S,
        append: (&StreamId, ExpectedVersion, Vec<NewEvent>),
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError>;

    async fn append_multi(
        &self,
        store: &S,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError>;
}

pub(super) struct WithTables<T: ?Sized>(pub(super) Arc<[Arc<T>]>);

#[async_trait]
impl<S: InlineTables> AppendWithTables<S> for WithTables<S::Table> {
    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|table| S::table_name(table).as_str()).collect()
    }

    async fn append(
        &self,
        store: &S,
        (stream, expected, events): (&StreamId, ExpectedVersion, Vec<NewEvent>),
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        store.append_with_tables(stream, expected, events, projections, &self.0).await
    }

    async fn append_multi(
        &self,
        store: &S,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        store.append_multi_with_tables(batch, projections, &self.0).await
    }
}
