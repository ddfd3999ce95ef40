//! Read models inside the transaction of an append, and the store that appends so.

use std::sync::Arc;

use async_trait::async_trait;

use super::ReadModel;
use super::fold::{Changes, FoldError, fold, writes};
use super::tables_inline::{AppendWithTables, WithTables};
use crate::codec::Codec;
use crate::envelope::{NewEvent, RecordedEvent};
use crate::processor::{EventRef, ProcessorError};
use crate::projection::KeyedProjection;
use crate::store::{
    AppendError, Appended, CheckpointName, EventFilter, EventStore, InlineAppend, InlineFailure, InlineProjection,
    InlineProjections, InlineTables, Limits, LogPage, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend,
    ReadError, ReadLog, ReadStream, RowLoader, RowWrite, StreamPage,
};
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

impl<P: KeyedProjection, S: Send + Sync + 'static, C: Codec> ReadModel<P, S, C> {
    /// The read model, to be kept up in the transaction of each append by an [`InlineStore`].
    pub fn inline(&self) -> Arc<dyn InlineProjection> {
        Arc::new(Inline(self.clone()))
    }
}

struct Inline<P, S, C>(ReadModel<P, S, C>);

impl<P: KeyedProjection, S: Send + Sync, C: Codec> Inline<P, S, C> {
    fn fold(&self, events: &[RecordedEvent], load: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, FoldError> {
        let codec = &self.0.shared.codec;
        let changes = Changes::<P>::read(codec, events)?;
        let stored = load(&changes.keys).map_err(FoldError::Load)?;
        let rows = fold(codec, events, changes, stored)?;
        writes(codec, events, &rows)
    }
}

impl<P: KeyedProjection, S: Send + Sync, C: Codec> InlineProjection for Inline<P, S, C> {
    fn name(&self) -> &CheckpointName {
        &self.0.shared.name
    }

    fn filter(&self) -> EventFilter {
        self.0.shared.filter.clone()
    }

    fn project(&self, events: &[RecordedEvent], load: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
        self.fold(events, load).map_err(|error| match error {
            FoldError::Event { at, cause } => Box::new(ProcessorError::Event {
                processor: self.0.shared.name.clone(),
                at: EventRef::from(&*at),
                cause: Box::new(cause),
            }) as InlineFailure,
            FoldError::Load(cause) => cause,
        })
    }

    fn committed(&self) {
        self.0.shared.moved.notify(usize::MAX);
    }
}

/// A store that keeps read models up in the transaction of each append.
///
/// Whoever appends through it reads his own writes at once, and waits for the read models with each append.
/// A read model that cannot take an event in refuses the append, with [`AppendError::NotProjected`].
/// What others append is made up for by the next append through this store.
///
/// ```
/// # use es_core::{Aggregate, Apply, Command, Event, ProjectRow, Projection, RecordedEvent};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "counter-increased")]
/// # pub struct CounterIncreased { pub by: u32 }
/// # #[derive(Debug, Clone, Command)]
/// # #[command(emits = CounterIncreased)]
/// # pub struct Increase { pub by: u32 }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
/// #             events(CounterIncreased), commands(Increase))]
/// # pub struct Counter { total: u32 }
/// # impl Apply<CounterIncreased> for Counter {
/// #     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
/// # }
/// # #[derive(Debug, Default, Serialize, Deserialize, Projection)]
/// # #[projection(name = "totals", key = String, events(CounterIncreased))]
/// # pub struct Total { sum: u32 }
/// # impl ProjectRow<CounterIncreased> for Total {
/// #     fn project(&mut self, _: &String, event: CounterIncreased, _: &RecordedEvent) { self.sum += event.by; }
/// # }
/// use es_core::{InlineStore, ReadModel, Repository};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let totals = ReadModel::<Total, _>::new(store.clone());
/// let counters = Repository::<Counter, _>::new(InlineStore::new(store, [totals.inline()]));
///
/// counters.execute("visits", Increase { by: 2 }).await?;
/// assert_eq!(totals.get(&"visits".to_owned()).await?.map(|total| total.sum), Some(2));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct InlineStore<S> {
    store: S,
    projections: InlineProjections,
    tables: Option<Arc<dyn AppendWithTables<S>>>,
}

impl<S> InlineStore<S> {
    /// A store that keeps up `projections`.
    pub fn new(store: S, projections: impl IntoIterator<Item = Arc<dyn InlineProjection>>) -> Self {
        Self { store, projections: projections.into_iter().collect(), tables: None }
    }

    /// Keeps up tables of the user's as well, and no others: what
    /// [`TableProjection::inline`](super::TableProjection::inline) or
    /// [`AsyncTableProjection::inline`](super::AsyncTableProjection::inline) gives.
    ///
    /// `es_sqlite_store::Transaction` has an example.
    #[must_use]
    pub fn with_tables(self, tables: impl IntoIterator<Item = Arc<S::Table>>) -> Self
    where
        S: InlineTables + 'static,
    {
        let tables: Arc<[Arc<S::Table>]> = tables.into_iter().collect();
        Self { tables: Some(Arc::new(WithTables(tables))), ..self }
    }

    /// The store below, whose appends keep nothing up.
    pub fn store(&self) -> &S {
        &self.store
    }
}

impl<S: std::fmt::Debug> std::fmt::Debug for InlineStore<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut names: Vec<_> = self.projections.iter().map(|projection| projection.name().as_str()).collect();
        names.extend(self.tables.iter().flat_map(|tables| tables.names()));
        f.debug_struct("InlineStore").field("store", &self.store).field("projections", &names).finish()
    }
}

#[async_trait]
impl<S: InlineAppend> EventStore for InlineStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        match &self.tables {
            None => self.store.append_inline(stream, expected, events, &self.projections).await,
            Some(tables) => tables.append(&self.store, (stream, expected, events), &self.projections).await,
        }
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.store.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.store.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl<S: InlineAppend> MultiStreamAppend for InlineStore<S> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        match &self.tables {
            None => self.store.append_multi_inline(batch, &self.projections).await,
            Some(tables) => tables.append_multi(&self.store, batch, &self.projections).await,
        }
    }
}

#[async_trait]
impl<S: InlineAppend + crate::store::Subscribe> crate::store::Subscribe for InlineStore<S> {
    async fn appended_after(&self, position: crate::version::Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
    }
}

crate::forward_store! {
    [S] InlineStore<S>, |inline| inline.store => CheckpointStore, ReadModelStore, SnapshotStore
}
