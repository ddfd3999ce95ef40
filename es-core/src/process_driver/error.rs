//! Why a process could not go on.

use std::error::Error;

use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::id::EventId;
use crate::name::EventName;
use crate::process::ReactionError;
use crate::processor::ProcessorError;
use crate::store::{AppendError, CheckpointName, ReadError};
use crate::stream::{InvalidStreamId, StreamId};
use crate::version::Version;

/// Why a process could not take in an event, send a command or reach a deadline; it is given again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// An event starts a process that there is already.
    #[error("event `{event}` starts process `{process}`, which has been started before")]
    AlreadyStarted {
        /// The stream of the process.
        process: StreamId,
        /// The stored name of the event.
        event: EventName,
    },
    /// An event goes on with a process that there is not.
    #[error("event `{event}` goes on with process `{process}`, which was never started")]
    NotStarted {
        /// The stream of the process.
        process: StreamId,
        /// The stored name of the event.
        event: EventName,
    },
    /// An event needs a process that is over.
    #[error("event `{event}` comes to process `{process}`, which has ended")]
    Ended {
        /// The stream of the process.
        process: StreamId,
        /// The stored name of the event.
        event: EventName,
    },
    /// The id does not name a process.
    #[error("the id does not name a process of type `{process}`")]
    Id {
        /// The stored name of the process manager.
        process: &'static str,
        /// The broken rule.
        #[source]
        cause: InvalidStreamId,
    },
    /// The key of an event does not name a process.
    #[error("the key of event `{event}` does not name a process")]
    Key {
        /// The stored name of the event.
        event: EventName,
        /// The broken rule.
        #[source]
        cause: InvalidStreamId,
    },
    /// The event, or what the process has recorded, cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A command that the process has sent cannot be read.
    #[error(
        "command `{command}` to `{aggregate}`, which event {version} of process `{process}` keeps as version \
         {schema_version}, cannot be read"
    )]
    UnreadableCommand {
        /// The stream of the process.
        process: StreamId,
        /// The reaction that keeps it.
        version: Version,
        /// The stored name of the aggregate that it goes to.
        aggregate: String,
        /// The name under which it is kept.
        command: EventName,
        /// The version of its shape.
        schema_version: u32,
        /// Why.
        #[source]
        cause: DecodeError,
    },
    /// A deadline that the process has set cannot be read.
    #[error(
        "deadline `{deadline}`, which event {version} of process `{process}` keeps as version {schema_version}, cannot \
         be read"
    )]
    UnreadableDeadline {
        /// The stream of the process.
        process: StreamId,
        /// The reaction that keeps it.
        version: Version,
        /// Its stored name.
        deadline: EventName,
        /// The version of its shape.
        schema_version: u32,
        /// Why.
        #[source]
        cause: DecodeError,
    },
    /// What the process decided cannot be recorded.
    #[error("the reaction of process `{process}` to `{input}` cannot be recorded")]
    Reaction {
        /// The stream of the process.
        process: StreamId,
        /// The stored name of the event or the deadline, or the name of the refused command.
        input: EventName,
        /// What is wrong with it.
        #[source]
        cause: ReactionError,
    },
    /// The stream of a process tells of what is not in it.
    #[error("event {version} of process `{process}` is about a part of {id}, which is not there")]
    Dangling {
        /// The stream of the process.
        process: StreamId,
        /// The place of the event.
        version: Version,
        /// The event that it refers to.
        id: EventId,
    },
    /// A command could neither be executed nor refused.
    #[error("`{command}` of process `{process}` could not be executed on `{target}`")]
    Command {
        /// The stream of the process.
        process: StreamId,
        /// The name of the command's type.
        command: EventName,
        /// The stream of the aggregate.
        target: StreamId,
        /// Whether the store failed, or others were faster in every attempt: it may succeed later as it is.
        is_transient: bool,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// Two instances have sent the same commands, and not the same was refused.
    #[error(
        "two instances have sent the commands of event {version} of process `{process}`, with other outcomes; the other was recorded"
    )]
    OutcomesDiffer {
        /// The stream of the process.
        process: StreamId,
        /// The reaction whose commands they are.
        version: Version,
    },
    /// Others were faster in every attempt.
    #[error("conflict on process `{process}`, after {attempts} attempts")]
    Conflict {
        /// The stream of the process.
        process: StreamId,
        /// How often the process reacted.
        attempts: u32,
    },
    /// The store could not be read.
    #[error("process `{process}` could not be read")]
    Read {
        /// The stream of the process, or its name.
        process: String,
        /// The error of the store.
        #[source]
        cause: ReadError,
    },
    /// The store refused what the process decided, or failed to append it.
    #[error(transparent)]
    Append(AppendError),
}

impl ProcessError {
    /// `command`, which stands in the stream of its process, cannot be read.
    pub(super) fn unreadable_command(command: &RecordedEvent, aggregate: &str, cause: DecodeError) -> Self {
        Self::UnreadableCommand {
            process: command.stream.clone(),
            version: command.version,
            aggregate: aggregate.to_owned(),
            command: command.name.clone(),
            schema_version: command.schema_version,
            cause,
        }
    }

    /// `deadline`, which stands in the stream of its process, cannot be read.
    pub(super) fn unreadable_deadline(deadline: &RecordedEvent, cause: DecodeError) -> Self {
        Self::UnreadableDeadline {
            process: deadline.stream.clone(),
            version: deadline.version,
            deadline: deadline.name.clone(),
            schema_version: deadline.schema_version,
            cause,
        }
    }

    /// Whether nothing is wrong with the input, and it may well succeed later as it is.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Append(AppendError::Store { .. } | AppendError::Conflict { .. }) => true,
            Self::Read { cause, .. } => {
                !matches!(cause, ReadError::Upcast { .. } | ReadError::SeveralPartitions { .. })
            }
            Self::Command { is_transient, .. } => *is_transient,
            _ => false,
        }
    }

    /// The error as a runner sees it, which parks events and waits for stores.
    pub(super) fn of(self, processor: &CheckpointName, event: &RecordedEvent) -> ProcessorError {
        let processor = processor.clone();
        if self.is_transient() {
            ProcessorError::Store { processor, cause: Box::new(self) }
        } else {
            ProcessorError::Event { processor, at: event.into(), cause: Box::new(self) }
        }
    }
}
