//! Handing over from an older version to a newer one, and what is asked of a processor for it.

use std::sync::Arc;
use std::time::Duration;

use es_core::Position;
use es_core::store::CheckpointName;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::command::{Command, ControlError, Reply};
use crate::status::{Status, Stopped};
use crate::wait::wait_for;

/// One of the two.
pub(crate) struct Party {
    name: CheckpointName,
    status: Arc<watch::Sender<Status>>,
    commands: mpsc::Sender<Command>,
}

impl Party {
    pub(crate) fn new(
        name: &CheckpointName,
        status: &Arc<watch::Sender<Status>>,
        commands: &mpsc::Sender<Command>,
    ) -> Self {
        Self { name: name.clone(), status: Arc::clone(status), commands: commands.clone() }
    }

    fn checkpoint(&self) -> Option<Position> {
        self.status.borrow().checkpoint
    }

    /// Waits until this has come to where the older one is.
    async fn come_to(&self, old: &Self, mark: Position) -> Result<(), ControlError> {
        let waited = wait_for(&self.status, &self.name, mark, Duration::MAX).await;
        waited.map_err(|_| self.is_not_there(old, mark))
    }

    fn is_not_there(&self, old: &Self, mark: Position) -> ControlError {
        let (processor, old, seen) = (self.name.clone(), old.name.clone(), self.checkpoint());
        ControlError::NotThere { processor, old, mark, seen }
    }
}

/// Stops the old one where the new one has come to, and lets the new one go on; or the old one, if that takes too long.
pub(crate) async fn hand_over(new: Party, old: Party, within: Duration) -> Result<Position, ControlError> {
    // Most of the way is gone while the old one still works.
    let near = old.checkpoint().unwrap_or_default();
    let began = tokio::time::Instant::now();
    timeout(within, new.come_to(&old, near)).await.map_err(|_| new.is_not_there(&old, near))??;
    let replaced = |reply| Command::Stop { why: Stopped::Replaced { by: new.name.clone() }, reply };
    let mark = tell(&old.commands, &old.name, replaced).await?.unwrap_or_default();
    let handed_over = async {
        let left = within.saturating_sub(began.elapsed());
        timeout(left, new.come_to(&old, mark)).await.map_err(|_| new.is_not_there(&old, mark))??;
        tell(&new.commands, &new.name, |reply| Command::Promote { mark, reply }).await
    };
    match handed_over.await {
        Ok(()) => Ok(mark),
        Err(error) => {
            tell(&old.commands, &old.name, |reply| Command::Resume { reply }).await?;
            Err(error)
        }
    }
}

/// Tells a driver to do something, and waits for its answer.
pub(crate) async fn tell<T>(
    commands: &mpsc::Sender<Command>,
    name: &CheckpointName,
    command: impl FnOnce(Reply<T>) -> Command,
) -> Result<T, ControlError> {
    let (reply, answer) = oneshot::channel();
    // Whoever has gone, or is dropped with its lease, does not answer.
    let gone = || ControlError::NotActive { processor: name.clone() };
    commands.send(command(reply)).await.map_err(|_| gone())?;
    answer.await.map_err(|_| gone())?
}
