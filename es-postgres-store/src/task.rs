//! What can be appended, and what was decided about it.

use es_core::store::{AppendError, Appended, Expectation, MultiAppend, MultiAppendError, MultiAppended};
use es_core::{ExpectedVersion, NewEvent, StreamId};

use crate::error::PostgresError;

/// Something to append.
#[derive(Debug)]
pub(crate) enum Task {
    Append { to: Expectation, events: Vec<NewEvent> },
    Multi(MultiAppend),
}

/// What was decided about it.
#[derive(Debug)]
pub(crate) enum Done {
    Append(Result<Appended, AppendError>),
    Multi(Result<MultiAppended, MultiAppendError>),
}

pub(crate) type Outcome = Result<Done, PostgresError>;

impl Task {
    pub(crate) fn append(stream: &StreamId, expected: ExpectedVersion, events: Vec<NewEvent>) -> Self {
        Self::Append { to: Expectation { stream: stream.clone(), expected }, events }
    }

    /// The streams that are appended to.
    pub(crate) fn appends(&self) -> &[Expectation] {
        match self {
            Self::Append { to, .. } => std::slice::from_ref(to),
            Self::Multi(batch) => &batch.appends,
        }
    }

    /// The streams that are only checked.
    pub(crate) fn checks(&self) -> &[Expectation] {
        match self {
            Self::Append { .. } => &[],
            Self::Multi(batch) => &batch.checks,
        }
    }

    /// The events in the order of the log.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&StreamId, &NewEvent)> + Clone {
        let (one, several) = match self {
            Self::Append { to, events } => (events.iter().map(move |event| (&to.stream, event)).into(), None),
            Self::Multi(batch) => (None, Some(batch.events.iter().map(|(stream, event)| (stream, event)))),
        };
        let one: Option<_> = one;
        one.into_iter().flatten().chain(several.into_iter().flatten())
    }
}
