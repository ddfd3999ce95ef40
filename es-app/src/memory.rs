//! Projections in memory: each node folds its own, from the beginning of the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::CheckpointName;
use es_core::{Position, Projection, ProjectionRunner};
use es_runner::Running;

use crate::application::AppStore;
use crate::caught::caught;
use crate::deadlines::{Stopping, chain};
use crate::status::MemoryStatus;
use crate::wait::{WaitError, Waits};

/// How long to wait before trying again, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// A projection in memory, whatever its type.
#[async_trait]
pub(crate) trait InMemory: Send + Sync {
    fn name(&self) -> &CheckpointName;

    fn status(&self) -> MemoryStatus;

    /// Keeps it up until the application stops.
    async fn run(&self, stopping: Stopping);
}

pub(crate) struct Memory<P> {
    name: CheckpointName,
    runner: ProjectionRunner<P, AppStore>,
    /// What failed last, and where that was.
    failed: Mutex<(Position, Vec<String>)>,
    has_panicked: AtomicBool,
}

impl<P: Projection> Memory<P> {
    pub(crate) fn new(name: CheckpointName, runner: ProjectionRunner<P, AppStore>) -> Self {
        Self { name, runner, failed: Mutex::new((Position::START, Vec::new())), has_panicked: AtomicBool::new(false) }
    }

    fn failed(&self) -> MutexGuard<'_, (Position, Vec<String>)> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<P: Projection> InMemory for Memory<P> {
    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn status(&self) -> MemoryStatus {
        let checkpoint = self.runner.checkpoint();
        let (at, errors) = self.failed().clone();
        // What it has come by since does not trouble it any more.
        MemoryStatus { checkpoint, errors: if at == checkpoint { errors } else { Vec::new() } }
    }

    async fn run(&self, mut stopping: Stopping) {
        let (first, most) = PAUSES;
        let (mut pause, mut seen) = (first, self.runner.checkpoint());
        loop {
            let error = tokio::select! {
                ended = caught(self.runner.run()) => match ended {
                    Ok(Ok(never)) => match never {},
                    Ok(Err(error)) => error,
                    // It may have done a part of an event, so it does no more.
                    Err(panic) => {
                        *self.failed() = (self.runner.checkpoint(), vec![panic]);
                        return self.has_panicked.store(true, Ordering::Relaxed);
                    }
                },
                () = stopping.asked() => return,
            };
            *self.failed() = (self.runner.checkpoint(), chain(&error));
            if self.runner.checkpoint() > seen {
                pause = first;
            }
            seen = self.runner.checkpoint();
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(most),
                () = stopping.asked() => return,
            }
        }
    }
}

#[async_trait]
impl<P: Projection> Waits for Memory<P> {
    async fn wait(&self, _: &Running, wanted: Position, timeout: Duration) -> Result<(), WaitError> {
        // Another task keeps it up, and tries again what fails.
        let there = async {
            while self.runner.checkpoint() < wanted {
                if self.has_panicked.load(Ordering::Relaxed) || self.runner.wait_for(wanted).await.is_err() {
                    tokio::time::sleep(PAUSES.0).await;
                }
            }
        };
        let ended = tokio::time::timeout(timeout, there).await;
        let (name, seen) = (&self.name, Some(self.runner.checkpoint()));
        ended.map_err(|_| WaitError::Timeout { name: name.clone(), wanted, seen, timeout })
    }
}
