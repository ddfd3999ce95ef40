//! Whether an append has anything to write: rules 3, 4 and 15 to 18, in their order.

use super::{AppendError, Appended, EventPlace, sent_before};
use crate::envelope::NewEvent;
use crate::id::EventId;
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Version};

/// Whether an append, whose [limits](super::Limits::check) have been checked, has anything to write: `None`, if its
/// events are to be stored; its outcome, if it is empty or was sent before. For implementors of stores.
///
/// `actual` is the version of the stream, and `find` tells where an id is stored.
///
/// ```
/// use es_core::store::{AppendError, admit};
/// use es_core::{ExpectedVersion, StreamId, Version};
///
/// let stream = StreamId::new("account", "ada")?;
/// let nothing = admit(&stream, ExpectedVersion::Any, &[], Version::new(3), |_| None)?;
/// assert_eq!(nothing.map(|outcome| outcome.version), Some(Version::new(3)));
/// let refused = admit(&stream, ExpectedVersion::NoStream, &[], Version::new(3), |_| None);
/// assert!(matches!(refused, Err(AppendError::Conflict { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AppendError::EventIdStored`] or [`AppendError::Conflict`].
pub fn admit(
    stream: &StreamId,
    expected: ExpectedVersion,
    events: &[NewEvent],
    actual: Version,
    find: impl FnMut(EventId) -> Option<EventPlace>,
) -> Result<Option<Appended>, AppendError> {
    let sent = sent_before(events.iter().map(|event| (stream, event.id)), find)?;
    if let Some(last) = sent.as_deref().and_then(<[_]>::last) {
        return Ok(Some(Appended { version: last.version, position: Some(last.position) }));
    }
    if !expected.accepts(actual) {
        return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
    }
    Ok(events.is_empty().then_some(Appended { version: actual, position: None }))
}
