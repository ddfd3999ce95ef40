//! Deadlines of processes, reached when they are due: by the node that is active, woken at the due time.
//!
//! A deadline is reached once, whoever tries; that one node tries only spares conflicts.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{CheckpointName, CheckpointStore, EventStore};
use es_core::{Clock, ProcessDriver, ProcessError, ProcessManager, Timestamp};
use es_runner::{Running, State, Status};
use tokio::sync::watch;

use crate::caught::caught;
use crate::status::DeadlineStatus;

/// Nobody sleeps longer than this: the clock that deadlines go by may be set anew.
const LONGEST: Duration = Duration::from_secs(60);
/// How long to wait before trying again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Whether the application has been told to stop.
#[derive(Clone)]
pub(crate) struct Stopping(pub(crate) watch::Receiver<bool>);

impl Stopping {
    /// Returns when it has, or when nobody is left to do so.
    pub(crate) async fn asked(&mut self) {
        let _ = self.0.wait_for(|asked| *asked).await;
    }

    fn is_asked(&self) -> bool {
        *self.0.borrow()
    }
}

/// The deadlines of the processes of one type.
#[async_trait]
pub(crate) trait Deadlines: Send + Sync {
    async fn next_due(&self) -> Result<Option<Timestamp>, ProcessError>;
    async fn fire_due(&self) -> Result<usize, ProcessError>;
}

#[async_trait]
impl<P, S> Deadlines for ProcessDriver<P, S>
where
    P: ProcessManager,
    S: EventStore + CheckpointStore + Clone + 'static,
{
    async fn next_due(&self) -> Result<Option<Timestamp>, ProcessError> {
        ProcessDriver::next_due(self).await
    }

    async fn fire_due(&self) -> Result<usize, ProcessError> {
        ProcessDriver::fire_due(self).await
    }
}

/// Reaches the deadlines of one type of process.
#[derive(Clone)]
pub(crate) struct Timer {
    pub(crate) process: CheckpointName,
    deadlines: Arc<dyn Deadlines>,
    status: Arc<Mutex<DeadlineStatus>>,
}

impl Timer {
    pub(crate) fn new(process: CheckpointName, deadlines: Arc<dyn Deadlines>) -> Self {
        Self { process, deadlines, status: Arc::default() }
    }

    pub(crate) fn status(&self) -> DeadlineStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut DeadlineStatus)) {
        note(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Reaches deadlines until the application stops.
    pub(crate) async fn run(
        self,
        running: Arc<Running>,
        clock: Arc<dyn Clock>,
        has_leases: bool,
        mut stopping: Stopping,
    ) {
        let Ok(mut status) = running.watch(&self.process) else { return };
        let mut pause = PAUSES.0;
        while !stopping.is_asked() {
            let active = status.wait_for(|status| is_active(status, has_leases));
            tokio::select! {
                active = active => if active.is_err() { return },
                () = stopping.asked() => return,
            }
            // Dropped half-way, it is as if the node had been killed there.
            let reached = tokio::select! {
                reached = caught(self.reach(&*clock)) => reached,
                () = stopping.asked() => return,
            };
            let wait = match reached.map(|reached| reached.map_err(|error| chain(&error))) {
                Ok(Ok(wait)) => {
                    pause = PAUSES.0;
                    wait
                }
                failed => {
                    let errors = failed.map_or_else(|panic| vec![panic], |failed| failed.err().unwrap_or_default());
                    self.note(|status| status.errors = errors);
                    // Until then, nothing else is tried, whatever the log says.
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
                        () = stopping.asked() => return,
                    }
                    continue;
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                changed = status.changed() => if changed.is_err() { return },
                () = stopping.asked() => return,
            }
        }
    }

    /// Reaches what is due, and says how long it is until more is; `None` if nothing is pending.
    async fn reach(&self, clock: &dyn Clock) -> Result<Option<Duration>, ProcessError> {
        let mut due = self.deadlines.next_due().await?;
        if due.is_some_and(|due| due <= clock.now()) {
            let fired = self.deadlines.fire_due().await?;
            self.note(|status| status.reached += u64::try_from(fired).unwrap_or(u64::MAX));
            due = self.deadlines.next_due().await?;
        }
        self.note(|status| (status.next_due, status.errors) = (due, Vec::new()));
        Ok(due.map(|due| {
            let micros = due.as_micros().saturating_sub(clock.now().as_micros());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0)).min(LONGEST)
        }))
    }
}

/// Whether this node is the one that runs the process.
fn is_active(status: &Status, has_leases: bool) -> bool {
    let is_idle = matches!(status.state, State::Starting | State::Standby { .. } | State::Stopped(_));
    !is_idle && (status.token.is_some() || !has_leases)
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// What is wrong, and what caused it, one after the other.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect()
}
