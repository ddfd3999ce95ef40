//! Waiting until a processor has done everything up to a position.

use std::time::Duration;

use es_core::Position;
use es_core::store::CheckpointName;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::status::{State, Status, Stopped};

/// Waits until a processor has done everything up to `position`.
pub(crate) async fn wait_for(
    status: &watch::Sender<Status>,
    name: &CheckpointName,
    position: Position,
    within: Duration,
) -> Result<(), WaitError> {
    let is_there = |status: &Status| position == Position::START || status.checkpoint >= Some(position);
    let is_over = |status: &Status| is_there(status) || matches!(status.state, State::Stopped(_));
    // What is waited for is a look at the status, which is put away before the next: the driver cannot change it while
    // anybody looks, and nobody else can look while the driver waits to change it.
    let is_in_time = timeout(within, status.subscribe().wait_for(is_over)).await.is_ok();
    let (processor, now) = (name.clone(), status.borrow().clone());
    match now.state {
        _ if is_there(&now) => Ok(()),
        State::Stopped(why) if is_in_time => {
            Err(WaitError::Stopped { processor, wanted: position, seen: now.checkpoint, why })
        }
        _ => Err(WaitError::Timeout { processor, wanted: position, seen: now.checkpoint, timeout: within }),
    }
}

/// Why a position was not reached.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// This runner has no processor of that name.
    #[error("this runner has no processor `{processor}`")]
    Unknown {
        /// The name.
        processor: CheckpointName,
    },
    /// It took too long.
    #[error("after {timeout:?} `{processor}` has come to {seen:?}, and not to position {wanted}")]
    Timeout {
        /// The name.
        processor: CheckpointName,
        /// Where it was to come.
        wanted: Position,
        /// Where it is.
        seen: Option<Position>,
        /// How long that was.
        timeout: Duration,
    },
    /// The processor does nothing any more, and will not come there.
    #[error("`{processor}` has stopped at {seen:?}, before position {wanted}: {why:?}")]
    Stopped {
        /// The name.
        processor: CheckpointName,
        /// Where it was to come.
        wanted: Position,
        /// Where it is.
        seen: Option<Position>,
        /// Why it has stopped.
        why: Stopped,
    },
}
