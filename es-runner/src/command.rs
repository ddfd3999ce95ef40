//! What a driver can be told while it runs, and how it answers.

use es_core::Position;
use es_core::store::CheckpointName;
use tokio::sync::oneshot;

use crate::status::Stopped;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, ControlError>>;

#[derive(Debug)]
pub(crate) enum Command {
    Retry { key: String, reply: Reply<Retried> },
    Discard { key: String, reply: Reply<usize> },
    Rebuild { reply: Reply<Position> },
    Stop { why: Stopped, reply: Reply<Option<Position>> },
    Resume { reply: Reply<()> },
    Promote { mark: Position, reply: Reply<()> },
}

impl Command {
    /// Does what one that is not active can: it stops, and says why, or it goes on as it does anyway.
    ///
    /// It does not know where it is, so it hands nothing over.
    pub(crate) fn while_idle(self, name: &CheckpointName) -> Option<Stopped> {
        match self {
            Self::Stop { why, reply } if !matches!(why, Stopped::Replaced { .. }) => {
                let _ = reply.send(Ok(None));
                Some(why)
            }
            Self::Resume { reply } => {
                let _ = reply.send(Ok(()));
                None
            }
            command => {
                command.refuse(name);
                None
            }
        }
    }

    /// Says that this node cannot do it, because it is not the active one.
    pub(crate) fn refuse(self, name: &CheckpointName) {
        let error = ControlError::NotActive { processor: name.clone() };
        // Nobody may be waiting any more.
        match self {
            Self::Retry { reply, .. } => drop(reply.send(Err(error))),
            Self::Discard { reply, .. } => drop(reply.send(Err(error))),
            Self::Rebuild { reply } => drop(reply.send(Err(error))),
            Self::Stop { reply, .. } => drop(reply.send(Err(error))),
            Self::Resume { reply } | Self::Promote { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

/// What became of parked events that were tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    /// How many have been processed, and are parked no longer.
    pub done: usize,
    /// How many still wait, the one that failed among them.
    pub left: usize,
    /// Where it stopped and why, the error first and then what caused it; nothing if all are done.
    pub failed: Option<(Position, Vec<String>)>,
}

/// Why something was not done about a processor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// This runner has no processor of that name.
    #[error("this runner has no processor `{processor}`")]
    Unknown {
        /// The name.
        processor: CheckpointName,
    },
    /// Another node is the active one, or none is.
    #[error("`{processor}` is not active on this node")]
    NotActive {
        /// The name.
        processor: CheckpointName,
    },
    /// It was not registered with what this needs.
    #[error("`{processor}` was not registered as one that can {what}")]
    NotRegistered {
        /// The name.
        processor: CheckpointName,
        /// What it cannot do.
        what: &'static str,
    },
    /// The runner has no place to keep failures.
    #[error("`{processor}` parks nothing: the runner has no store of failures")]
    NoFailures {
        /// The name.
        processor: CheckpointName,
    },
    /// Another instance went on meanwhile, or a store failed; it may be tried again.
    #[error("`{processor}` was interrupted: {}", errors.join(": "))]
    Interrupted {
        /// The name.
        processor: CheckpointName,
        /// What failed, and what caused it.
        errors: Vec<String>,
    },
    /// The newer version did not come to the mark of the older one in time; the older one goes on.
    #[error("`{processor}` has come to {seen:?}, and `{old}` is at {mark}", mark = mark.get())]
    NotThere {
        /// The newer version.
        processor: CheckpointName,
        /// The older version.
        old: CheckpointName,
        /// Where the older one is.
        mark: Position,
        /// Where the newer one is.
        seen: Option<Position>,
    },
}
