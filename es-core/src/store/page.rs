//! What a read gives, and where to go on.

use crate::envelope::RecordedEvent;
use crate::version::{Position, Version};

/// A part of a stream.
///
/// ```
/// # use es_core::{RecordedEvent, StreamId};
/// use es_core::store::{EventStore, ReadError, ReadStream};
///
/// async fn newest_first(store: &impl EventStore, stream: &StreamId) -> Result<Vec<RecordedEvent>, ReadError> {
///     let (mut range, mut events) = (ReadStream::all().backward().limit(100), Vec::new());
///     loop {
///         let page = store.read_stream(stream, range.clone()).await?;
///         events.extend(page.events);
///         if page.is_end {
///             return Ok(events);
///         }
///         range = range.resume(page.through);
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StreamPage {
    /// The events, in the order of the read.
    pub events: Vec<RecordedEvent>,
    /// How far the page has read, as rule 13 says; go on with the range that [resumes](super::ReadStream::resume) there.
    pub through: Version,
    /// Whether the range has no more events, as rule 22 says.
    pub is_end: bool,
    /// The version of the stream when it was read, however much of it was asked for.
    pub version: Version,
}

impl StreamPage {
    /// Whether the stream has any event, whatever was asked for.
    pub fn exists(&self) -> bool {
        self.version > Version::EMPTY
    }
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPage {
    /// The events, in the order of the read.
    pub events: Vec<RecordedEvent>,
    /// How far the page has read, as rule 13 says; go on with the range that [resumes](super::ReadLog::resume) there.
    pub through: Position,
    /// Whether the range has no more events, as rule 22 says.
    pub is_end: bool,
    /// The position of the last event of the log when it was read; `START` if the log is empty.
    pub head: Position,
}
