//! An application that runs: commands, queries, waiting, and its end.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use es_core::store::{CheckpointName, LeaseStore, ReadModelStore};
use es_core::{
    Aggregate, AnswerUpdates, BusError, CommandOptions, ExecuteError, Executed, HandledBy, KeyedProjection, LoadError,
    Loaded, Position, ProcessDriver, ProcessManager, Projection, ProjectionRunner, Query, QueryBus, Repository,
};
use es_runner::{ControlError, Running};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::application::AppStore;
use crate::deadlines::Timer;
use crate::memory::InMemory;
use crate::parts::ByType;
use crate::problem::Problem;
use crate::register::AppReadModel;
use crate::status::ApplicationStatus;
use crate::target::IdFor;
use crate::wait::{WaitError, Waits};

/// An application at work, until it is [stopped](Self::stop).
///
/// Cloning gives another handle; when the last one is dropped, what runs is aborted at its next await.
#[derive(Clone)]
pub struct RunningApplication(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) running: Arc<Running>,
    pub(crate) store: AppStore,
    pub(crate) rows: Option<Arc<dyn ReadModelStore>>,
    pub(crate) leases: Option<Arc<dyn LeaseStore>>,
    pub(crate) repositories: ByType,
    pub(crate) read_models: ByType,
    pub(crate) by_type: ByType,
    pub(crate) waits: HashMap<TypeId, Arc<dyn Waits>>,
    pub(crate) bus: QueryBus,
    pub(crate) timers: Vec<Timer>,
    pub(crate) in_memory: Vec<Arc<dyn InMemory>>,
    /// The names of all that is kept up, sorted.
    pub(crate) current: Vec<CheckpointName>,
    /// The stored names of the projections, without versions.
    pub(crate) projections: Vec<&'static str>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) tasks: tokio::sync::Mutex<JoinSet<()>>,
}

/// A type that is not a part of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` is not a part of the application")]
pub struct NotPart {
    /// The type.
    pub part: &'static str,
}

/// Why a command was not executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError<E: Error + 'static> {
    /// Its aggregate is not a part of the application.
    #[error(transparent)]
    NotPart(#[from] NotPart),
    /// The application has been told to stop, and takes no commands any more.
    #[error("the application has been stopped")]
    Stopped,
    /// The aggregate refused it, or it could not be decided.
    #[error(transparent)]
    Execute(#[from] ExecuteError<E>),
    /// The aggregate could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl RunningApplication {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Executes a command on the aggregate of this id; see [`Repository::execute`].
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<A: Aggregate>(
        &self,
        id: impl IdFor<A>,
        command: impl HandledBy<A> + Clone + Send,
    ) -> Result<Executed<A::Event>, CommandError<A::Error>> {
        self.execute_with(id, command, CommandOptions::new()).await
    }

    /// Executes a command under [options](CommandOptions): with metadata, once, or only on a version.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute_with<A: Aggregate>(
        &self,
        id: impl IdFor<A>,
        command: impl HandledBy<A> + Clone + Send,
        options: impl Into<CommandOptions> + Send,
    ) -> Result<Executed<A::Event>, CommandError<A::Error>> {
        let repository = self.repository::<A>()?;
        if *self.0.stop.borrow() {
            return Err(CommandError::Stopped);
        }
        Ok(id.execute(repository, command, options.into()).await?)
    }

    /// Loads the aggregate of this id; see [`Repository::load`].
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn load<A: Aggregate>(&self, id: impl IdFor<A>) -> Result<Loaded<A>, CommandError<A::Error>> {
        Ok(id.load(self.repository::<A>()?).await?)
    }

    /// The repository of an aggregate, for all that it can do beside.
    ///
    /// # Errors
    /// The aggregate is not a part of the application.
    pub fn repository<A: Aggregate>(&self) -> Result<&Repository<A, AppStore>, NotPart> {
        part::<A, _>(&self.0.repositories)
    }

    /// The read model of a projection into rows, asynchronous or inline.
    ///
    /// # Errors
    /// The projection is not a part of the application.
    pub fn read_model<P: KeyedProjection>(&self) -> Result<&AppReadModel<P>, NotPart> {
        part::<P, _>(&self.0.read_models)
    }

    /// A projection in memory.
    ///
    /// # Errors
    /// The projection is not a part of the application.
    pub fn in_memory<P: Projection>(&self) -> Result<&ProjectionRunner<P, AppStore>, NotPart> {
        part::<P, _>(&self.0.by_type)
    }

    /// The processes of one type.
    ///
    /// # Errors
    /// The process manager is not a part of the application.
    pub fn process<P: ProcessManager>(&self) -> Result<&ProcessDriver<P, AppStore>, NotPart> {
        part::<P, _>(&self.0.by_type)
    }

    /// Has a query answered, as of what has been seen.
    ///
    /// # Errors
    /// See [`BusError`].
    pub async fn ask<Q: Query + Send + 'static>(&self, query: Q) -> Result<Q::Answer, BusError> {
        self.0.bus.query(query).await
    }

    /// Has a query answered now, and again whenever the answer has changed.
    ///
    /// # Errors
    /// [`BusError::Unanswered`].
    pub fn subscribe<Q>(&self, query: Q) -> Result<AnswerUpdates<Q>, BusError>
    where
        Q: Query<Answer: Clone + PartialEq + Send> + Clone + Send + 'static,
    {
        self.0.bus.subscribe(query)
    }

    /// Waits until a projection or a process has seen `position`: what a command has done is then read.
    ///
    /// # Errors
    /// See [`WaitError`].
    pub async fn wait_for<T: 'static>(&self, position: Position, timeout: Duration) -> Result<(), WaitError> {
        let waits = self.0.waits.get(&TypeId::of::<T>()).ok_or(NotPart { part: type_name::<T>() })?;
        waits.wait(&self.0.running, position, timeout).await
    }

    /// Makes a projection forget its rows and begin again; says up to where, for [`wait_for`](Self::wait_for).
    ///
    /// # Errors
    /// See [`ControlError`]; one that is kept inline is not known to the runner.
    pub async fn rebuild<P: KeyedProjection>(&self) -> Result<Position, ControlError> {
        self.0.running.rebuild(&checkpoint_name::<P>()).await
    }

    /// Hands over from the projection `Old` to `New`: when `New` has seen as much, `Old` stops for good.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn promote<New: KeyedProjection, Old: KeyedProjection>(
        &self,
        timeout: Duration,
    ) -> Result<Position, ControlError> {
        self.0.running.promote(&checkpoint_name::<New>(), &checkpoint_name::<Old>(), timeout).await
    }

    /// The runner, for all that it can do beside: parked events, pausing, progress.
    ///
    /// Stop the application, and not the runner alone.
    pub fn runner(&self) -> &Running {
        &self.0.running
    }

    /// The store as the parts see it: what is appended through it is in the inline projections.
    pub fn store(&self) -> &AppStore {
        &self.0.store
    }

    /// What is odd about the log, where that does not keep the application from starting.
    pub fn warnings(&self) -> &[Problem] {
        &self.0.warnings
    }

    /// How all parts are.
    pub fn status(&self) -> ApplicationStatus {
        ApplicationStatus {
            processors: self.0.running.statuses(),
            deadlines: self.0.timers.iter().map(|timer| (timer.process.clone(), timer.status())).collect(),
            in_memory: self.0.in_memory.iter().map(|part| (part.name().clone(), part.status())).collect(),
        }
    }

    /// Waits for a signal, such as `tokio::signal::ctrl_c()`, and stops.
    pub async fn run_until<T>(&self, signal: impl Future<Output = T>) -> T {
        let signalled = signal.await;
        self.stop().await;
        signalled
    }

    /// Takes no more commands, reaches no more deadlines, lets each processor finish its batch, and gives leases back.
    ///
    /// When it returns, nothing runs any more, whoever else has asked for it; other handles remain, and can be asked.
    pub async fn stop(&self) {
        // Also where nobody listens.
        self.0.stop.send_replace(true);
        let tasks = async {
            let mut tasks = self.0.tasks.lock().await;
            while tasks.join_next().await.is_some() {}
        };
        tokio::join!(tasks, self.0.running.halt());
    }
}

/// The name of a projection's rows and checkpoint, as a read model has it.
fn checkpoint_name<P: KeyedProjection>() -> CheckpointName {
    CheckpointName::new(&P::MODEL.checkpoint_name()).expect("the derive has checked the name")
}

fn part<T: 'static, Kept: 'static>(by_type: &ByType) -> Result<&Kept, NotPart> {
    let found = by_type.get(&TypeId::of::<T>()).and_then(|found| found.downcast_ref());
    found.ok_or(NotPart { part: type_name::<T>() })
}

impl fmt::Debug for RunningApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningApplication").field("status", &self.status()).finish_non_exhaustive()
    }
}
