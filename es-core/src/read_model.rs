//! Read models in a store: one definition of rows, kept up by a runner or with each append, folded on read where nothing is
//! kept, and asked by key, by index, or by queries.

mod bus;
mod fold;
mod inline;
mod live;
mod processor;
mod query;
mod rows;
mod tables;
mod tables_async;
mod tables_inline;
mod tombstone;
mod wait;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use event_listener::Event;

use crate::codec::{Codec, Json};
use crate::projection::KeyedProjection;
use crate::store::{CheckpointName, EventFilter};

pub use self::bus::{AnswerMoved, AnswerUpdates, Answers, BusError, DuplicateAnswer, QueryBus, QueryBusBuilder};
pub use self::inline::InlineStore;
pub use self::live::LiveRows;
pub use self::processor::RowWork;
pub use self::query::AnswerFrom;
pub use self::rows::{QueryError, RowSource, Rows, RowsPage};
pub use self::tables::TableProjection;
pub use self::tables_async::AsyncTableProjection;
pub use self::wait::WaitError;

/// A [keyed projection](KeyedProjection) in a store.
///
/// It is an [`EventProcessor`](crate::EventProcessor), for a runner to keep it up behind the log;
/// [`inline`](Self::inline), it is kept up in the transaction of each append; and it is read
/// [by key](Self::get), [by scan](Self::scan), or by a [`QueryBus`].
/// Rows and checkpoint change in one transaction, so every event counts exactly once.
///
/// Cloning gives another handle; readers that [wait](Self::wait_for) are told of what any of the clones commits.
///
/// ```
/// # use es_core::{Event, KeyedProjection, ProjectRow, Projection, RecordedEvent};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, Serialize, Deserialize, Event)]
/// # #[event(name = "account-opened")]
/// # pub struct AccountOpened { pub owner: String }
/// # #[derive(Debug, Default, Serialize, Deserialize, Projection)]
/// # #[projection(name = "owners", key = String, events(AccountOpened), index(owner))]
/// # pub struct Account { owner: String }
/// # impl ProjectRow<AccountOpened> for Account {
/// #     fn project(&mut self, _: &String, event: AccountOpened, _: &RecordedEvent) { self.owner = event.owner; }
/// # }
/// use es_core::ReadModel;
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let accounts = ReadModel::<Account, _>::new(MemoryStore::new());
/// accounts.catch_up().await?;
/// assert!(accounts.get(&"ada".to_owned()).await?.is_none());
/// assert!(accounts.by_index("owner", "Ada").await?.is_empty());
/// # Ok(()) }
/// ```
pub struct ReadModel<P, S, C = Json> {
    shared: Arc<Shared<S, C>>,
    projection: PhantomData<fn() -> P>,
}

struct Shared<S, C> {
    store: S,
    codec: C,
    name: CheckpointName,
    /// What the projection lists; everything else only moves the checkpoint.
    filter: EventFilter,
    /// Somebody in this process has committed.
    moved: Event,
    poll: Option<wait::Poll>,
}

#[cfg(feature = "json")]
impl<P: KeyedProjection, S> ReadModel<P, S> {
    /// The read model in `store`, with events and rows as JSON.
    pub fn new(store: S) -> Self {
        Self::with_codec(store, Json)
    }
}

impl<P: KeyedProjection, S, C: Codec> ReadModel<P, S, C> {
    /// The read model in `store`, with events and rows in the form of `codec`.
    ///
    /// # Panics
    /// The name of the projection breaks a rule of stored names, which the derive does not let happen.
    pub fn with_codec(store: S, codec: C) -> Self {
        let name = CheckpointName::new(&P::MODEL.checkpoint_name()).expect("the derive has checked the name");
        let filter = EventFilter::all().models(P::MODEL.events).models(P::MODEL.split);
        let shared = Shared { store, codec, name, filter, moved: Event::new(), poll: None };
        Self { shared: Arc::new(shared), projection: PhantomData }
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The name of its rows and of its checkpoint, of which the version of the projection is a part.
    pub fn checkpoint_name(&self) -> &CheckpointName {
        &self.shared.name
    }
}

impl<P, S, C> Clone for ReadModel<P, S, C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), projection: PhantomData }
    }
}

impl<P, S, C> fmt::Debug for ReadModel<P, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadModel").field("name", &self.shared.name).finish_non_exhaustive()
    }
}
