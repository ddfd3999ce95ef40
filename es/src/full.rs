//! A store of which nobody needs to know what it is.

use std::fmt;
use std::sync::Arc;

use es_core::store::{
    CheckpointStore, FailureStore, LeaseStore, MultiStreamAppend, ReadModelStore, SnapshotStore, Subscribe,
};

/// A store with every capability that all stores have.
///
/// Implemented for all that have them.
/// What only some have, such as [`InlineAppend`](es_core::store::InlineAppend), is had from the store's own type.
pub trait FullStore:
    Subscribe
    + CheckpointStore
    + MultiStreamAppend
    + SnapshotStore
    + ReadModelStore
    + LeaseStore
    + FailureStore
    + fmt::Debug
{
}

impl<S> FullStore for S where
    S: Subscribe
        + CheckpointStore
        + MultiStreamAppend
        + SnapshotStore
        + ReadModelStore
        + LeaseStore
        + FailureStore
        + fmt::Debug
        + ?Sized
{
}

/// Any store with every capability; what [`connect`](crate::connect) gives.
///
/// Cloning gives another handle to the same store.
/// A store of your own becomes one by `Arc::new`:
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use std::sync::Arc;
///
/// let store: es::Store = Arc::new(es::MemoryStore::new());
/// # let _ = store; }
/// ```
pub type Store = Arc<dyn FullStore>;
