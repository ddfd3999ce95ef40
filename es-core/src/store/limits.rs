//! What a store accepts.

use super::AppendError;
use crate::envelope::NewEvent;
use crate::id::EventId;
use crate::stream::StreamId;

/// What a store accepts; more is refused with [`AppendError::LimitExceeded`] before anything is written.
///
/// Stream ids and names need no limit here: [`StreamId::MAX_BYTES`] and
/// [`EventName::MAX_BYTES`](crate::EventName::MAX_BYTES) hold in every store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one payload.
    pub payload_bytes: usize,
    /// Events of one append, of all its streams together.
    pub batch_events: usize,
}

impl Limits {
    /// Checks rule 5 for an append; for implementors of stores.
    ///
    /// # Errors
    /// [`AppendError::LimitExceeded`] or [`AppendError::DuplicateEventId`].
    pub fn check(&self, stream: &StreamId, events: &[NewEvent]) -> Result<(), AppendError> {
        self.check_all(stream, events.len(), || events.iter().map(|event| (stream, event)))
    }

    /// Checks rule 5 for events of any streams; `first` is named where the events are too many.
    pub(super) fn check_all<'a, I>(
        &self,
        first: &StreamId,
        count: usize,
        events: impl Fn() -> I,
    ) -> Result<(), AppendError>
    where
        I: Iterator<Item = (&'a StreamId, &'a NewEvent)>,
    {
        if count > self.batch_events {
            let what = "events in one append";
            return Err(AppendError::LimitExceeded {
                stream: first.clone(),
                what,
                actual: count,
                limit: self.batch_events,
            });
        }
        if let Some((stream, large)) = events().find(|(_, event)| event.payload.len() > self.payload_bytes) {
            let (what, actual, limit) = ("bytes in one payload", large.payload.len(), self.payload_bytes);
            return Err(AppendError::LimitExceeded { stream: stream.clone(), what, actual, limit });
        }
        if count > 1 {
            let mut ids: Vec<(EventId, usize)> = events().map(|(_, event)| event.id).zip(0..).collect();
            ids.sort_unstable();
            let twice = ids.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1]);
            if let Some((id, at)) = twice.min_by_key(|(_, at)| *at) {
                let stream = events().nth(at).map_or(first, |(stream, _)| stream).clone();
                return Err(AppendError::DuplicateEventId { stream, id });
            }
        }
        Ok(())
    }
}
