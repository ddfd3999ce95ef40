//! The read models of the example: ten of them, kept up by one runner that reads the log once.

pub mod counts;
pub mod decisions;
pub mod offers;
pub mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use es_core::store::{CheckpointError, CheckpointName, EventStore, LogPage, ReadLog, Subscribe};
use es_core::{AnswerFrom, KeyedProjection, Position, Query, QueryError, ReadModel};
use es_runner::{Options, Runner, StartError, WaitError};

use self::counts::{Clerk, Day, Hour, WorkItemCount};
use self::decisions::{DecisionTime, LoanStep};
use self::offers::{OfferCount, OpenOffer};
use self::work::{OpenWork, WorkTime};

/// How many events are read, and committed by each read model, at a time.
const BATCH: usize = 1024;

/// Longer than any of this takes.
pub const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the log ends.
///
/// # Errors
/// The log cannot be read.
pub async fn head(events: &es::Store) -> Result<Position, es_core::store::ReadError> {
    let LogPage { head, .. } = events.read_log(ReadLog::all().limit(0)).await?;
    Ok(head)
}

/// A read model of which only the name is known.
trait Member: Send + Sync {
    fn checkpoint_name(&self) -> &CheckpointName;
    fn add_to(&self, runner: Runner) -> Runner;
}

impl<P: KeyedProjection> Member for ReadModel<P, es::Store> {
    fn checkpoint_name(&self) -> &CheckpointName {
        self.checkpoint_name()
    }

    fn add_to(&self, runner: Runner) -> Runner {
        // One lane: what has to be done for an event is too little to be worth a task.
        runner.add_rebuildable(Arc::new(self.clone()), Options::default().batch(BATCH).lanes(1))
    }
}

/// All read models of the example.
pub struct ReadModels {
    store: es::Store,
    members: Vec<Box<dyn Member>>,
}

/// Why read models are not where the log is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum CatchUpError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Wait(#[from] WaitError),
    #[error(transparent)]
    Log(#[from] es_core::store::ReadError),
}

impl ReadModels {
    /// The read models whose rows are in `store`.
    pub fn new(store: es::Store) -> Self {
        fn member<P: KeyedProjection>(store: &es::Store) -> Box<dyn Member> {
            Box::new(ReadModel::<P, _>::new(Arc::clone(store)))
        }
        let members = vec![
            member::<OpenWork>(&store),
            member::<WorkTime>(&store),
            member::<DecisionTime>(&store),
            member::<LoanStep>(&store),
            member::<OfferCount>(&store),
            member::<OpenOffer>(&store),
            member::<Clerk>(&store),
            member::<WorkItemCount>(&store),
            member::<Day>(&store),
            member::<Hour>(&store),
        ];
        Self { store, members }
    }

    /// The names of their checkpoints, which end with `@` and the version.
    pub fn names(&self) -> impl Iterator<Item = &CheckpointName> {
        self.members.iter().map(|member| member.checkpoint_name())
    }

    /// The one that is called so, with its version or without.
    pub fn find(&self, name: &str) -> Option<&CheckpointName> {
        self.names().find(|known| known.as_str() == name || known.as_str().split('@').next() == Some(name))
    }

    /// A runner of those whose names are asked for.
    pub fn runner(&self, log: impl Subscribe + 'static, wanted: impl Fn(&CheckpointName) -> bool) -> Runner {
        let runner = Runner::new(log).page(BATCH);
        let members = self.members.iter().filter(|member| wanted(member.checkpoint_name()));
        members.fold(runner, |runner, member| member.add_to(runner))
    }

    /// Brings all of them to where the log ends now, and says how long it took.
    ///
    /// # Errors
    /// See [`CatchUpError`].
    pub async fn catch_up(&self, events: &es::Store) -> Result<Duration, CatchUpError> {
        let (head, start) = (head(events).await?, Instant::now());
        let running = self.runner(Arc::clone(events), |_| true).start()?;
        for name in self.names() {
            running.wait_for(name, head, PATIENCE).await?;
        }
        running.stop().await;
        Ok(start.elapsed())
    }

    /// How far a read model is; `None` if nothing has been done for it.
    ///
    /// # Errors
    /// The store of rows fails.
    pub async fn checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.load_checkpoint(name).await
    }

    /// Asks the read model `P`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query<P: AnswerFrom<Q>, Q: Query>(&self, query: Q) -> Result<Q::Answer, QueryError> {
        ReadModel::<P, _>::new(Arc::clone(&self.store)).query(query).await
    }
}

impl std::fmt::Debug for ReadModels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
