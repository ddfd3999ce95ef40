//! Looking at events where they are, instead of taking them along.

use std::ops::ControlFlow;

use crate::envelope::RecordedEvent;

/// What looks at the events of a read, some at a time and in the order of the read.
///
/// It is never given an empty slice, and always all of what one stored event is read as in the same slice.
/// It may break off; then nothing but the `version` or the `head` of the page means anything.
///
/// ```
/// # use es_core::{RecordedEvent, StreamId};
/// use std::ops::ControlFlow;
///
/// use es_core::store::{EventStore, ReadError, ReadStream};
///
/// async fn bytes(store: &impl EventStore, stream: &StreamId) -> Result<usize, ReadError> {
///     let (mut range, mut bytes) = (ReadStream::all(), 0);
///     loop {
///         let mut add = |events: &[RecordedEvent]| {
///             bytes += events.iter().map(|event| event.payload.len()).sum::<usize>();
///             ControlFlow::Continue(())
///         };
///         let page = store.visit_stream(stream, range.clone(), &mut add).await?;
///         if page.is_end {
///             return Ok(bytes);
///         }
///         range = range.resume(page.through);
///     }
/// }
/// ```
pub type EventVisitor<'v> = dyn FnMut(&[RecordedEvent]) -> ControlFlow<()> + Send + 'v;

/// Shows the events of a page, and leaves it without them.
pub(super) fn show(events: &mut Vec<RecordedEvent>, visit: &mut EventVisitor<'_>) {
    let events = std::mem::take(events);
    if !events.is_empty() {
        // Whether it breaks off does not matter: there is nothing more to show.
        let _ = visit(&events);
    }
}
