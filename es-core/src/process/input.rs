//! What reaches a process, from where, and which process it reaches.

use std::time::Duration;

use crate::envelope::RecordedEvent;
use crate::metadata::Metadata;
use crate::stream::StreamId;
use crate::time::Timestamp;

/// A command that an aggregate has refused, as the process is told that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected<M> {
    /// The command.
    pub command: M,
    /// Why, in the words of the aggregate's error.
    pub reason: String,
}

/// Where and when something happened that a process reacts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// The stream of the process.
    pub process: StreamId,
    /// The stream of the event, or of the aggregate that refused; for a deadline, that of the process.
    pub stream: StreamId,
    /// When the event was recorded, the deadline was reached, or the refusal was noted.
    pub at: Timestamp,
    /// To which conversation it belongs, what caused it, and who did it.
    pub metadata: Metadata,
}

impl Trigger {
    /// The moment so long after the trigger, for [`Reaction::schedule`](super::Reaction::schedule).
    ///
    /// Fractions of a microsecond are dropped; what is beyond all time is its end.
    pub fn after(&self, duration: Duration) -> Timestamp {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.at.as_micros().saturating_add(micros))
    }
}

/// One input, as it is stored.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// An event of the log.
    Event(&'a RecordedEvent),
    /// A deadline that is due; its payload is JSON.
    Deadline(&'a RecordedEvent),
    /// A refused command; its payload is JSON, its name that of its type.
    Rejected {
        /// The command.
        command: &'a RecordedEvent,
        /// The stored name of the aggregate.
        aggregate: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// What is to be done with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is applied: a reaction to it has been recorded.
    Apply,
    /// It is applied, and reacted to.
    React,
}

/// The process that an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// Its id.
    pub id: String,
    /// What the event is to it.
    pub role: Role,
    /// Whether the process is over once it has reacted.
    pub ends: bool,
}

/// What an event is to its process, and what happens if the process is not as that needs it.
///
/// A process that has ended is not begun again: for all of them it is as if the process they need were not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `start`: it begins a process; if there is one already, that is a failure.
    Start,
    /// `start_or_continue`: it begins a process, or goes on with the one there is; an ended one is a failure.
    StartOrContinue,
    /// `continue_or_ignore`: it goes on with the process that is running; without one, it means nothing.
    ContinueOrIgnore,
    /// `continue_or_fail`: it goes on with the process that is running; without one, that is a failure.
    ContinueOrFail,
}
