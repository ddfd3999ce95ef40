//! What a program says before a runner starts: the log, the stores, and the processors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use es_core::store::{CheckpointName, EventFilter, FailureStore, LeaseStore, Subscribe};
use es_core::{Clock, EventProcessor, Rebuild, Successor, SystemClock};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;

use crate::board::Board;
use crate::driver::{Driver, Follows};
use crate::options::{Backoff, OnFailure, Options};
use crate::pages::Pages;
use crate::random::{Random, entropy};
use crate::running::{Entry, Running};
use crate::shared::{Of, Shared, Stop, Whereabouts};
use crate::status::{State, Status};

/// How many events of a processor's progress are kept for a listener that is slow.
const FEED: usize = 1024;

/// Drives many processors over one log; see the [crate](crate) for what it does and promises.
pub struct Runner {
    log: Arc<dyn Subscribe>,
    leases: Option<Arc<dyn LeaseStore>>,
    failures: Option<Arc<dyn FailureStore>>,
    clock: Arc<dyn Clock>,
    owner: String,
    ttl: Duration,
    drain: Duration,
    page: usize,
    seed: Option<u64>,
    registered: Vec<Registered>,
}

type Spawn = Box<dyn FnOnce(Parts, &mut JoinSet<()>) + Send>;

struct Registered {
    name: CheckpointName,
    filter: EventFilter,
    follows: Option<CheckpointName>,
    parks: bool,
    whereabouts: Arc<dyn Whereabouts>,
    spawn: Spawn,
}

/// What a driver gets when the runner starts.
struct Parts {
    shared: Arc<Shared>,
    reader: usize,
    board: Board,
    commands: mpsc::Receiver<crate::command::Command>,
    stop: Stop,
    old: Option<Arc<dyn Whereabouts>>,
    followed_by: Option<(CheckpointName, Arc<dyn Whereabouts>)>,
}

impl Runner {
    /// A runner of no processors yet, without leases and without a place to park events.
    pub fn new(log: impl Subscribe + 'static) -> Self {
        Self {
            log: Arc::new(log),
            leases: None,
            failures: None,
            clock: Arc::new(SystemClock),
            owner: format!("{}-{:016x}", std::process::id(), entropy()),
            ttl: Duration::from_secs(15),
            drain: Duration::from_secs(10),
            page: 256,
            seed: None,
            registered: Vec::new(),
        }
    }

    /// Of all nodes that say so with the same store, one is active for each processor.
    #[must_use]
    pub fn leases(self, store: impl LeaseStore + 'static) -> Self {
        Self { leases: Some(Arc::new(store)), ..self }
    }

    /// Where events are parked that cannot be processed.
    #[must_use]
    pub fn failures(self, store: impl FailureStore + 'static) -> Self {
        Self { failures: Some(Arc::new(store)), ..self }
    }

    /// The name of this node in leases, which no other node has; a random one, unless something else is said.
    #[must_use]
    pub fn owner(self, owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), ..self }
    }

    /// How long a lease lasts that is not renewed, 15 seconds unless something else is said: so long nobody works after a
    /// node has died. It is renewed three times in this time.
    #[must_use]
    pub fn lease_time(self, ttl: Duration) -> Self {
        Self { ttl: ttl.max(Duration::from_millis(1)), ..self }
    }

    /// How long a batch may go on after the runner was told to stop, before it is dropped; 10 seconds unless something else is
    /// said.
    #[must_use]
    pub fn drain(self, drain: Duration) -> Self {
        Self { drain, ..self }
    }

    /// How many events are read at once, for all processors together; 256 unless something else is said.
    #[must_use]
    pub fn page(self, events: usize) -> Self {
        Self { page: events.max(1), ..self }
    }

    /// The time of failures; that of the operating system, unless something else is said.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// The random parts of waiting, the same each time.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// A processor.
    #[must_use]
    pub fn add<P: EventProcessor + 'static>(self, processor: Arc<P>, options: Options) -> Self {
        self.register(processor, options, None, |_| None, |_, _| None)
    }

    /// A processor that can be [rebuilt](Running::rebuild).
    #[must_use]
    pub fn add_rebuildable<P: Rebuild + 'static>(self, processor: Arc<P>, options: Options) -> Self {
        let clear = |processor: Arc<P>| -> Option<Box<crate::driver::Clear>> {
            Some(Box::new(move || {
                let processor = Arc::clone(&processor);
                Box::pin(async move { processor.clear().await })
            }))
        };
        self.register(processor, options, None, clear, |_, _| None)
    }

    /// A new version of the processor `old`, which runs here as well, and has effects that must not be had twice.
    ///
    /// It never goes beyond where the old version is, and has no effects, until it is [promoted](Running::promote).
    /// A new version without effects, such as a read model beside another, is [added](Self::add) like any other.
    #[must_use]
    pub fn add_successor<P: Successor + 'static>(
        self,
        processor: Arc<P>,
        old: &CheckpointName,
        options: Options,
    ) -> Self {
        let follows = |processor: Arc<P>, old| {
            let silence = Box::new(move |mark| processor.replay_through(mark));
            Some(Follows { old, silence })
        };
        self.register(processor, options, Some(old.clone()), |_| None, follows)
    }

    fn register<P: EventProcessor + 'static>(
        mut self,
        processor: Arc<P>,
        options: Options,
        old: Option<CheckpointName>,
        clear: impl FnOnce(Arc<P>) -> Option<Box<crate::driver::Clear>> + Send + 'static,
        follows: impl FnOnce(Arc<P>, Arc<dyn Whereabouts>) -> Option<Follows> + Send + 'static,
    ) -> Self {
        let (name, filter) = (processor.name().clone(), processor.filter());
        let parks = matches!(options.on_failure, OnFailure::Park(_));
        let whereabouts: Arc<dyn Whereabouts> = Arc::new(Of(Arc::clone(&processor)));
        let spawn = Box::new(move |parts: Parts, drivers: &mut JoinSet<()>| {
            let Parts { shared, reader, board, commands, stop, old, followed_by } = parts;
            let clear = clear(Arc::clone(&processor));
            let follows = old.and_then(|old| follows(Arc::clone(&processor), old));
            let tasks = JoinSet::new();
            let driver = Driver {
                processor,
                options,
                shared,
                reader,
                board,
                commands,
                stop,
                tasks,
                clear,
                follows,
                followed_by,
                is_promoted: false,
            };
            drivers.spawn(driver.run());
        });
        self.registered.push(Registered { name, filter, follows: old, parks, whereabouts, spawn });
        self
    }

    /// Starts a task for each processor on the runtime of tokio that is current.
    ///
    /// # Errors
    /// See [`StartError`]; nothing has been started then.
    ///
    /// # Panics
    /// If there is no runtime of tokio, or its time is not enabled.
    pub fn start(self) -> Result<Running, StartError> {
        self.check()?;
        let filters = self.registered.iter().map(|registered| registered.filter.clone());
        let shared = Arc::new(Shared {
            pages: Pages::new(self.log, self.page, filters),
            leases: self.leases,
            failures: self.failures,
            clock: self.clock,
            owner: self.owner,
            ttl: self.ttl,
            drain: self.drain,
            random: Random::new(self.seed),
        });
        let (asked, stop) = watch::channel(false);
        let (progress, _) = broadcast::channel(FEED);
        let places: BTreeMap<_, _> =
            self.registered.iter().map(|one| (one.name.clone(), Arc::clone(&one.whereabouts))).collect();
        let newer: BTreeMap<_, _> = self
            .registered
            .iter()
            .filter_map(|one| Some((one.follows.clone()?, (one.name.clone(), Arc::clone(&one.whereabouts)))))
            .collect();
        let (mut entries, mut drivers) = (BTreeMap::new(), JoinSet::new());
        for (reader, registered) in self.registered.into_iter().enumerate() {
            let Registered { name, follows, spawn, .. } = registered;
            let status = Arc::new(watch::Sender::new(Status::new(State::Starting)));
            let board = Board::new(name.clone(), Arc::clone(&status), progress.clone());
            let (sender, commands) = mpsc::channel(16);
            let old = follows.as_ref().and_then(|old| places.get(old)).map(Arc::clone);
            let followed_by = newer.get(&name).cloned();
            let (shared, stop) = (Arc::clone(&shared), Stop(stop.clone()));
            spawn(Parts { shared, reader, board, commands, stop, old, followed_by }, &mut drivers);
            entries.insert(name, Entry { status, commands: sender, follows });
        }
        let mut watcher = JoinSet::new();
        let watching = Arc::clone(&shared);
        watcher.spawn(async move { watching.pages.watch(Backoff::default(), &watching.random).await });
        Ok(Running::new(entries, shared, asked, progress, drivers, watcher))
    }

    fn check(&self) -> Result<(), StartError> {
        let mut names = BTreeSet::new();
        for Registered { name, .. } in &self.registered {
            if !names.insert(name) {
                return Err(StartError::DuplicateName { processor: name.clone() });
            }
        }
        let mut followed = BTreeSet::new();
        for Registered { name, follows, parks, .. } in &self.registered {
            if *parks && self.failures.is_none() {
                return Err(StartError::NowhereToPark { processor: name.clone() });
            }
            if let Some(old) = follows
                && (old == name || !names.contains(old) || !followed.insert(old))
            {
                return Err(StartError::NothingToFollow { processor: name.clone(), old: old.clone() });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.registered.iter().map(|registered| &registered.name).collect();
        f.debug_struct("Runner").field("owner", &self.owner).field("processors", &names).finish_non_exhaustive()
    }
}

/// Why a runner did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two processors would share a checkpoint.
    #[error("two processors are called `{processor}`")]
    DuplicateName {
        /// The name.
        processor: CheckpointName,
    },
    /// A processor parks what fails, and there is no store of failures.
    #[error("`{processor}` parks events that fail, but the runner has no store of failures")]
    NowhereToPark {
        /// The name.
        processor: CheckpointName,
    },
    /// The older version is not there, is the newer one, or is followed by another.
    #[error("`{processor}` follows `{old}`, which is not a processor that it alone can follow here")]
    NothingToFollow {
        /// The name of the newer version.
        processor: CheckpointName,
        /// The name of the older version.
        old: CheckpointName,
    },
}
