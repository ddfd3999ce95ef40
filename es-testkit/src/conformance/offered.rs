//! A store with the capabilities that it is said to have.

use std::fmt;
use std::sync::Arc;

use es_core::store::{
    AsyncTransact, CheckpointStore, EventStore, FailureStore, InlineAppend, LeaseStore, MultiStreamAppend,
    ReadModelStore, SnapshotStore, Subscribe, Transact,
};

use super::transactions::{Blocking, Transactions, Waiting};

/// A store, and the capabilities that it is said to have.
#[derive(Clone)]
pub struct Stores {
    pub(super) store: Arc<dyn EventStore>,
    pub(super) subscribe: Option<Arc<dyn Subscribe>>,
    pub(super) checkpoints: Option<Arc<dyn CheckpointStore>>,
    pub(super) several: Option<Arc<dyn MultiStreamAppend>>,
    pub(super) snapshots: Option<Arc<dyn SnapshotStore>>,
    pub(super) read_models: Option<Arc<dyn ReadModelStore>>,
    pub(super) inline: Option<Arc<dyn InlineAppend>>,
    pub(super) leases: Option<Arc<dyn LeaseStore>>,
    pub(super) failures: Option<Arc<dyn FailureStore>>,
    pub(super) transactions: Option<Arc<dyn Transactions>>,
    pub(super) ids_within_streams: bool,
}

/// A store whose capabilities are being listed; [`store_conformance!`](crate::store_conformance) makes it.
#[derive(Debug)]
pub struct Offered<S> {
    store: Arc<S>,
    stores: Stores,
}

impl<S: EventStore + 'static> Offered<S> {
    /// Nothing but an event store so far.
    pub fn new(store: S) -> Self {
        let store = Arc::new(store);
        let stores = Stores {
            store: Arc::clone(&store) as _,
            subscribe: None,
            checkpoints: None,
            several: None,
            snapshots: None,
            read_models: None,
            inline: None,
            leases: None,
            failures: None,
            transactions: None,
            ids_within_streams: false,
        };
        Self { store, stores }
    }

    /// Rules 23 to 25.
    #[must_use]
    pub fn subscribe(mut self) -> Self
    where
        S: Subscribe,
    {
        self.stores.subscribe = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules 26 to 29.
    #[must_use]
    pub fn checkpoints(mut self) -> Self
    where
        S: CheckpointStore,
    {
        self.stores.checkpoints = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules 30 to 34.
    #[must_use]
    pub fn multi_stream_append(mut self) -> Self
    where
        S: MultiStreamAppend,
    {
        self.stores.several = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules S1 to S7 of [`SnapshotStore`].
    #[must_use]
    pub fn snapshots(mut self) -> Self
    where
        S: SnapshotStore,
    {
        self.stores.snapshots = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules M1 to M11 of [`ReadModelStore`].
    #[must_use]
    pub fn read_models(mut self) -> Self
    where
        S: ReadModelStore,
    {
        self.stores.read_models = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules N1 to N3 of [`InlineAppend`].
    #[must_use]
    pub fn inline_append(mut self) -> Self
    where
        S: InlineAppend,
    {
        self.stores.inline = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules L1 to L6 of [`LeaseStore`].
    #[must_use]
    pub fn leases(mut self) -> Self
    where
        S: LeaseStore,
    {
        self.stores.leases = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules F1 to F7 of [`FailureStore`].
    #[must_use]
    pub fn failures(mut self) -> Self
    where
        S: FailureStore,
    {
        self.stores.failures = Some(Arc::clone(&self.store) as _);
        self
    }

    /// Rules T1 and T2 of [`Transact`].
    #[must_use]
    pub fn transactions(mut self) -> Self
    where
        S: Transact,
    {
        self.stores.transactions = Some(Arc::new(Blocking(Arc::clone(&self.store))));
        self
    }

    /// Rules T1 and T2, which [`AsyncTransact`] owes as well.
    #[must_use]
    pub fn async_transactions(mut self) -> Self
    where
        S: AsyncTransact,
    {
        self.stores.transactions = Some(Arc::new(Waiting(Arc::clone(&self.store))));
        self
    }

    /// It holds rules 15 and 17 within each stream, and does not know an id of another.
    #[must_use]
    pub fn ids_within_streams(mut self) -> Self {
        self.stores.ids_within_streams = true;
        self
    }

    /// It can be opened twice at one place; the runner opens it.
    #[must_use]
    pub fn second_handle(self) -> Self {
        self
    }

    /// What it holds is there when it is opened again; the runner opens it.
    #[must_use]
    pub fn durable(self) -> Self {
        self
    }

    /// It needs no runtime; the runner uses none.
    #[must_use]
    pub fn any_executor(self) -> Self {
        self
    }

    /// The store without its type.
    #[must_use]
    pub fn stores(self) -> Stores {
        self.stores
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores")
            .field("subscribe", &self.subscribe.is_some())
            .field("checkpoints", &self.checkpoints.is_some())
            .field("multi_stream_append", &self.several.is_some())
            .field("snapshots", &self.snapshots.is_some())
            .field("read_models", &self.read_models.is_some())
            .field("inline_append", &self.inline.is_some())
            .field("leases", &self.leases.is_some())
            .field("failures", &self.failures.is_some())
            .field("transactions", &self.transactions.is_some())
            .finish_non_exhaustive()
    }
}
