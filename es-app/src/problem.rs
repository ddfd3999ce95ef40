//! What may be wrong with an application before it runs: everything at once, each in a sentence that names its parts.

use es_core::store::{CheckpointName, ReadError};
use es_core::{Position, ProcessorError};

/// One thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum Problem {
    #[error("two parts are called `{name}`, and would share a checkpoint")]
    DuplicateName { name: CheckpointName },
    #[error("two aggregates are called `{name}`: `{first}` and `{second}`")]
    DuplicateAggregate { name: &'static str, first: &'static str, second: &'static str },
    #[error("the process `{name}` is called as an aggregate is, and would share its streams")]
    ProcessIsAggregate { name: CheckpointName },
    #[error("the stored name `{event}` has one shape in {first} and another in {second}")]
    TwoShapes { event: &'static str, first: String, second: String },
    #[error("nobody handles the event `{event}` of the aggregate `{aggregate}`")]
    Unhandled { event: &'static str, aggregate: &'static str },
    #[error("the query `{query}` is answered twice")]
    DuplicateAnswer { query: &'static str },
    #[error("the query `{query}` is answered by `{by}`, which is not a part of the application")]
    AnsweredByStranger { query: &'static str, by: &'static str },
    #[error("the query `{query}` is answered by nobody")]
    Unanswered { query: &'static str },
    #[error(
        "the process `{process}` sends `{command}` to the aggregate `{aggregate}`, which is not a part of the application"
    )]
    StrangeTarget { process: CheckpointName, command: &'static str, aggregate: &'static str },
    #[error("`{name}` parks events that fail, but the application has no store of failures: add `.parking()`")]
    NowhereToPark { name: CheckpointName },
    #[error("the application runs on several nodes, but has no store of leases: add `.leases()`")]
    NoLeases,
    #[error("`{name}` follows `{old}`, which is not a processor that it alone can follow")]
    NothingToFollow { name: CheckpointName, old: CheckpointName },
    #[error("the lock cannot be read: {reason}")]
    UnreadableLock { reason: String },
    #[error(
        "the lock does not know version {version} of `{event}`, an event of the aggregate `{aggregate}`: update it with `ES_LOCK=update cargo test`"
    )]
    NotInLock { event: &'static str, version: u32, aggregate: &'static str },
    #[error("the lock has version {version} of `{event}`, which the aggregate `{aggregate}` does not read")]
    OnlyInLock { event: String, version: u32, aggregate: &'static str },
    #[error(
        "the log has `{event}` in streams of category `{category}`, last at position {last}, and no part of the application knows it"
    )]
    UnknownStored { event: String, category: String, last: Position },
    #[error(
        "the log has `{event}` in version {version}, at position {last}, and this code reads it up to version {newest}"
    )]
    NewerStored { event: String, version: u32, newest: u32, last: Position },
}

/// Why an application did not start; nothing of it runs then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its parts do not fit together, or not to the store: all that is wrong, in the order of the checks.
    #[error("the application does not fit together{}", listed(.0))]
    Problems(Vec<Problem>),
    /// The log could not be looked at.
    #[error("the log could not be looked at")]
    Log(#[source] ReadError),
    /// A projection that is kept inline could not catch up.
    #[error("`{name}` could not catch up before it is kept inline")]
    CatchUp {
        /// The projection.
        name: CheckpointName,
        /// Why.
        #[source]
        cause: ProcessorError,
    },
    /// The runner did not start.
    #[error(transparent)]
    Runner(#[from] es_runner::StartError),
}

impl StartError {
    /// What does not fit; nothing, if something else kept the application from starting.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Problems(problems) => problems,
            _ => &[],
        }
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |listed, problem| listed + "\n- " + &problem.to_string())
}
