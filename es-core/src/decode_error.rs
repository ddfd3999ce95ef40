//! Why a stored event cannot be read.

use std::error::Error;
use std::fmt::{self, Display};

use crate::codec::CodecError;
use crate::envelope::RecordedEvent;
use crate::name::EventName;
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// A stored event that this code cannot read, with its place and its name.
///
/// One pointer wide, so that the path without errors moves nothing large.
///
/// ```
/// use es_core::DecodeError;
///
/// assert_eq!(size_of::<DecodeError>(), size_of::<usize>());
/// ```
#[derive(Debug)]
pub struct DecodeError(Box<Fault>);

#[derive(Debug)]
struct Fault {
    stream: StreamId,
    version: Version,
    position: Position,
    name: EventName,
    schema_version: u32,
    reason: DecodeReason,
}

/// What is wrong with the event.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeReason {
    /// No event of that stored name is known here.
    UnknownEvent,
    /// The event was written by newer code.
    FutureVersion {
        /// The newest version that this code knows.
        current: u32,
    },
    /// The event is of a version that this code has stopped to read.
    UnsupportedVersion {
        /// The oldest version that this code reads.
        oldest: u32,
    },
    /// The payload does not fit its version.
    Payload(CodecError),
    /// A hop from an old version to the next one failed.
    Upcast(Box<dyn Error + Send + Sync>),
}

impl DecodeError {
    /// `event` cannot be read because of `reason`.
    #[cold]
    pub fn new(event: &RecordedEvent, reason: DecodeReason) -> Self {
        Self(Box::new(Fault {
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            name: event.name.clone(),
            schema_version: event.schema_version,
            reason,
        }))
    }

    /// What is wrong.
    pub fn reason(&self) -> &DecodeReason {
        &self.0.reason
    }

    /// The stream of the event.
    pub fn stream(&self) -> &StreamId {
        &self.0.stream
    }

    /// Its version in the stream.
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// Its position in the log.
    pub fn position(&self) -> Position {
        self.0.position
    }

    /// Its stored name.
    pub fn name(&self) -> &EventName {
        &self.0.name
    }

    /// The version of its shape.
    pub fn schema_version(&self) -> u32 {
        self.0.schema_version
    }

    /// Whether newer code may well know the event: an unknown name or a future version.
    ///
    /// During a rolling deploy this is what old code sees of new events.
    pub fn is_unknown(&self) -> bool {
        matches!(self.0.reason, DecodeReason::UnknownEvent | DecodeReason::FutureVersion { .. })
    }
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { stream, version, name, schema_version, reason, .. } = &*self.0;
        write!(f, "event {version} of stream `{stream}` cannot be read: ")?;
        match reason {
            DecodeReason::UnknownEvent => write!(f, "no event is known by the stored name `{name}`"),
            DecodeReason::FutureVersion { current } => write!(
                f,
                "`{name}` was stored as version {schema_version}, but this code knows versions up to {current}"
            ),
            DecodeReason::UnsupportedVersion { oldest } => write!(
                f,
                "`{name}` was stored as version {schema_version}, but this code reads versions from {oldest} on"
            ),
            DecodeReason::Payload(_) => write!(f, "the payload does not fit `{name}` version {schema_version}"),
            DecodeReason::Upcast(_) => write!(f, "the upcast of `{name}` from version {schema_version} failed"),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.reason {
            DecodeReason::UnknownEvent
            | DecodeReason::FutureVersion { .. }
            | DecodeReason::UnsupportedVersion { .. } => None,
            DecodeReason::Payload(cause) => Some(cause),
            DecodeReason::Upcast(cause) => Some(&**cause),
        }
    }
}
