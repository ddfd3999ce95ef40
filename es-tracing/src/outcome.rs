//! How a call ended, in one word; and what is said of an error.

use std::error::Error;
use std::fmt::Write as _;

use es_core::store::{
    AppendError, CheckpointError, FailureError, LeaseError, MultiAppendError, ReadError, ReadModelError, SnapshotError,
};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    /// Something is not as expected.
    Conflict,
    /// The caller is wrong.
    Refused,
    /// The store is.
    Failed,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An error of a store, as it is told.
pub(crate) trait Told: Error {
    /// How a call ended that ended with it.
    fn outcome(&self) -> Outcome;

    /// What is wrong, in words that name no stream.
    fn kind(&self) -> &'static str;
}

impl Told for AppendError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Conflict { .. } => Outcome::Conflict,
            Self::LimitExceeded { .. }
            | Self::DuplicateEventId { .. }
            | Self::EventIdStored { .. }
            | Self::NotProjected { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "the stream is not as expected",
            Self::LimitExceeded { .. } => "more than the store accepts",
            Self::DuplicateEventId { .. } => "two events have one id",
            Self::EventIdStored { .. } => "an event id is stored already",
            Self::NotProjected { .. } => "an inline projection cannot take an event in",
            _ => "the store failed",
        }
    }
}

impl Told for MultiAppendError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Conflict { .. } => Outcome::Conflict,
            Self::StreamTwice { .. }
            | Self::CheckOfAny { .. }
            | Self::NotAppendedTo { .. }
            | Self::SeveralPartitions { .. } => Outcome::Refused,
            Self::Refused(error) => error.outcome(),
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "streams are not as expected",
            Self::StreamTwice { .. } => "a stream takes part twice",
            Self::CheckOfAny { .. } => "a check expects nothing",
            Self::NotAppendedTo { .. } => "there are events for a stream of which nothing is expected",
            Self::SeveralPartitions { .. } => "streams of several partitions take part",
            Self::Refused(error) => error.kind(),
            _ => "the store failed",
        }
    }
}

impl Told for ReadError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::SeveralPartitions { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Upcast { .. } => "the upcast of a stored event failed",
            Self::ContextUnavailable { .. } => "events that a stored event depends on are missing",
            Self::SeveralPartitions { .. } => "the log of several partitions was asked for",
            _ => "the store failed",
        }
    }
}

impl Told for CheckpointError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Conflict { .. } => Outcome::Conflict,
            Self::Backwards { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "the checkpoint is not as expected",
            Self::Backwards { .. } => "a checkpoint does not go back",
            _ => "the store failed",
        }
    }
}

impl Told for ReadModelError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Checkpoint(error) => error.outcome(),
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Checkpoint(error) => error.kind(),
            _ => "the store failed at read models",
        }
    }
}

impl Told for SnapshotError {
    fn outcome(&self) -> Outcome {
        Outcome::Failed
    }

    fn kind(&self) -> &'static str {
        "the store failed at snapshots"
    }
}

impl Told for LeaseError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Held { .. } | Self::Lost { .. } => Outcome::Conflict,
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Held { .. } => "somebody else has the lease",
            Self::Lost { .. } => "the lease is lost",
            _ => "the store failed",
        }
    }
}

impl Told for FailureError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Superseded { .. } => Outcome::Conflict,
            Self::Full { .. } => Outcome::Refused,
            _ => Outcome::Failed,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Superseded { .. } => "somebody else has claimed what is parked",
            Self::Full { .. } => "there is no room to park",
            _ => "the store failed",
        }
    }
}

/// What an error comes from, each cause after the other.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let separator = if text.is_empty() { "" } else { ": " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{cause}");
        next = cause.source();
    }
    text
}
