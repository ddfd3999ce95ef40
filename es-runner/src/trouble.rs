//! What may come between a batch and its checkpoint, sorted by what is to be done about it.

use std::any::Any;
use std::error::Error;

use es_core::store::{FailureError, ReadError};
use es_core::{EventRef, Position, ProcessorError};

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nobody's fault but that of a store or a target: try the same again.
    Store(Vec<String>),
    /// An event's fault; which one's, if that is known.
    Event { at: Option<EventRef>, errors: Vec<String> },
    /// Another instance has gone on: find out where it is.
    Superseded,
    /// There is no room for what must be parked.
    Full(Vec<String>),
}

impl Trouble {
    /// Of several troubles of one batch, the one to deal with is the highest.
    pub(crate) fn rank(&self) -> (u8, std::cmp::Reverse<u64>) {
        let (rank, place) = match self {
            Self::Superseded => (4, 0),
            Self::Full(_) => (3, 0),
            Self::Store(_) => (2, 0),
            Self::Event { at: Some(at), .. } => (1, at.position.get()),
            Self::Event { at: None, .. } => (0, 0),
        };
        (rank, std::cmp::Reverse(place))
    }

    pub(crate) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("with something else than a text");
        Self::Event { at: None, errors: vec![format!("the processor panicked: {text}")] }
    }
}

impl From<ProcessorError> for Trouble {
    fn from(error: ProcessorError) -> Self {
        let errors = chain(&error);
        match error {
            ProcessorError::Event { at, .. } => Self::Event { at: Some(at), errors },
            ProcessorError::Superseded { .. } => Self::Superseded,
            _ => Self::Store(errors),
        }
    }
}

impl From<FailureError> for Trouble {
    fn from(error: FailureError) -> Self {
        match error {
            FailureError::Superseded { .. } => Self::Superseded,
            FailureError::Full { .. } => Self::Full(chain(&error)),
            _ => Self::Store(chain(&error)),
        }
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Self::Store(chain(&error))
    }
}

/// What is wrong, and what caused it, one after the other.
pub(crate) fn chain(error: &dyn Error) -> Vec<String> {
    let mut errors = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        errors.push(cause.to_string());
        next = cause.source();
    }
    errors
}

/// The place of an event whose position only was found out.
pub(crate) fn unreadable(error: &ReadError, position: Position) -> Option<EventRef> {
    match error {
        ReadError::Upcast { stream, version, name, .. }
        | ReadError::ContextUnavailable { stream, version, name, .. } => {
            Some(EventRef { position, stream: stream.clone(), version: *version, name: name.clone() })
        }
        _ => None,
    }
}
