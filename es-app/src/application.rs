//! The builder: which store there is, and how the application is run on it. What it consists of stands in `register`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use es_core::store::{
    CheckpointStore, FailureStore, InlineProjection, LeaseStore, ParkCapacity, ReadModelStore, Subscribe,
};
use es_core::{Clock, SystemClock};
use es_runner::{OnFailure, Options};

use crate::parts::Parts;
use crate::sample::OnUnknown;

/// What every application needs of a store; implemented for all stores that have it.
pub trait LogStore: Subscribe + CheckpointStore {}

impl<S: Subscribe + CheckpointStore + ?Sized> LogStore for S {}

/// The store as the parts of an application see it: appends through it keep the inline projections up.
pub type AppStore = Arc<dyn LogStore>;

type MakeLog<S> = Box<dyn FnOnce(S, Vec<Arc<dyn InlineProjection>>) -> AppStore + Send>;

/// What an application consists of, before it [starts](Self::start).
///
/// The [crate](crate) shows a whole one.
#[must_use = "an application does nothing until it is started"]
pub struct Application<S> {
    pub(crate) store: S,
    pub(crate) make_log: MakeLog<S>,
    pub(crate) rows: Option<Arc<dyn ReadModelStore>>,
    pub(crate) leases: Option<Arc<dyn LeaseStore>>,
    pub(crate) failures: Option<Arc<dyn FailureStore>>,
    pub(crate) run: RunOptions,
    pub(crate) parts: Parts,
}

/// How all parts are run.
pub(crate) struct RunOptions {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) owner: Option<String>,
    pub(crate) lease_time: Option<Duration>,
    pub(crate) drain: Option<Duration>,
    pub(crate) options: Options,
    pub(crate) has_many_nodes: bool,
    pub(crate) sample: Option<(usize, OnUnknown)>,
}

impl<S: Subscribe + CheckpointStore + Clone + 'static> Application<S> {
    /// An application without parts yet.
    pub fn new(store: S) -> Self {
        let run = RunOptions {
            clock: Arc::new(SystemClock),
            owner: None,
            lease_time: None,
            drain: None,
            options: Options::default(),
            has_many_nodes: false,
            sample: None,
        };
        let make_log: MakeLog<S> = Box::new(|store, _| Arc::new(store));
        Self { store, make_log, rows: None, leases: None, failures: None, run, parts: Parts::default() }
    }

    /// Of all nodes that say so, one is active for each processor; leases are kept in the store.
    pub fn leases(self) -> Self
    where
        S: LeaseStore,
    {
        let store = self.store.clone();
        self.leases_in(store)
    }

    /// The same, with the leases in a store of their own.
    pub fn leases_in(self, store: impl LeaseStore + 'static) -> Self {
        Self { leases: Some(Arc::new(store)), ..self }
    }

    /// Says that several nodes run this application: without leases, it is then not started.
    pub fn on_several_nodes(mut self) -> Self {
        self.run.has_many_nodes = true;
        self
    }

    /// Parks events in the store that cannot be processed, instead of stopping the processor before them.
    ///
    /// It becomes what [`options`](Self::options) say; processors with options of their own are not changed by it.
    pub fn parking(self) -> Self
    where
        S: FailureStore,
    {
        let store = self.store.clone();
        self.parking_in(store)
    }

    /// The same, with the failures in a store of their own.
    pub fn parking_in(mut self, store: impl FailureStore + 'static) -> Self {
        self.failures = Some(Arc::new(store));
        self.run.options = self.run.options.on_failure(OnFailure::Park(ParkCapacity::default()));
        self
    }

    /// How processors are run that have no options of their own.
    pub fn options(mut self, options: Options) -> Self {
        self.run.options = options;
        self
    }

    /// The time of new events, of deadlines and of failures; that of the operating system, unless something else is said.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.run.clock = Arc::new(clock);
        self
    }

    /// The name of this node in leases; see [`Runner::owner`](es_runner::Runner::owner).
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.run.owner = Some(owner.into());
        self
    }

    /// How long a lease lasts that is not renewed; see [`Runner::lease_time`](es_runner::Runner::lease_time).
    pub fn lease_time(mut self, ttl: Duration) -> Self {
        self.run.lease_time = Some(ttl);
        self
    }

    /// How long a batch may go on after the application was told to stop; see [`Runner::drain`](es_runner::Runner::drain).
    pub fn drain(mut self, drain: Duration) -> Self {
        self.run.drain = Some(drain);
        self
    }

    /// Refuses to start if an event of an aggregate comes to no projection, process or publisher.
    pub fn every_event_is_handled(mut self) -> Self {
        self.parts.every_event_is_handled = true;
        self
    }

    /// Compares the aggregates with the text of `events.lock.json`, as es-testkit writes it.
    ///
    /// It takes the names and versions; what is in the events is compared by the tests.
    pub fn lock(mut self, text: impl Into<String>) -> Self {
        self.parts.locks.push(text.into());
        self
    }

    /// Reads the newest `events` of the log, and looks for some that no part knows, or in a version that is too new.
    pub fn sample_log(mut self, events: usize, on_unknown: OnUnknown) -> Self {
        self.run.sample = Some((events, on_unknown));
        self
    }
}

impl<S: fmt::Debug> fmt::Debug for Application<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("store", &self.store).field("parts", &self.parts).finish_non_exhaustive()
    }
}
