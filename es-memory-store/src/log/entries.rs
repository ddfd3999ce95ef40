//! Every event in position order, where none is ever moved.

use std::ops::Range;
use std::sync::Arc;

use es_core::{Position, RecordedEvent};

/// Events in one segment of the log.
///
/// A full segment is never changed again, so readers share it with the log and copy nothing; what stands behind the last
/// full one is copied for them.
pub(super) const SEGMENT: usize = 64;

/// The events by their positions, which are 1, 2, 3, … without gaps.
#[derive(Default)]
pub(super) struct Entries {
    full: Vec<Arc<Vec<RecordedEvent>>>,
    last: Vec<RecordedEvent>,
}

impl Entries {
    /// The position of the last event.
    pub(super) fn head(&self) -> Position {
        Position::new((self.full.len() * SEGMENT + self.last.len()) as u64)
    }

    /// The event at a position, which is one of the log.
    pub(super) fn at(&self, position: Position) -> &RecordedEvent {
        let (segment, at) = place(position);
        &self.full.get(segment).map_or(&self.last, |full| full)[at]
    }

    /// Takes in the event that has the position after the head.
    pub(super) fn push(&mut self, event: RecordedEvent) {
        self.last.push(event);
        if self.last.len() == SEGMENT {
            let full = std::mem::replace(&mut self.last, Vec::with_capacity(SEGMENT));
            self.full.push(Arc::new(full));
        }
    }

    /// Adds the event at a position, which is one of the log, to what a reader is shown.
    pub(super) fn show(&self, position: Position, shown: &mut Vec<Shown>) {
        let (segment, at) = place(position);
        match (self.full.get(segment), shown.last_mut()) {
            (Some(full), Some(Shown::Shared(last, range))) if range.end == at && Arc::ptr_eq(last, full) => {
                range.end += 1;
            }
            (Some(full), _) => shown.push(Shown::Shared(Arc::clone(full), at..at + 1)),
            (None, Some(Shown::Copied(events))) => events.push(self.last[at].clone()),
            (None, _) => shown.push(Shown::Copied(vec![self.last[at].clone()])),
        }
    }
}

/// Events that a reader is shown after the lock is given up.
pub(crate) enum Shown {
    /// A part of a full segment.
    Shared(Arc<Vec<RecordedEvent>>, Range<usize>),
    Copied(Vec<RecordedEvent>),
}

impl Shown {
    pub(crate) fn events(&self) -> &[RecordedEvent] {
        match self {
            Self::Shared(segment, range) => &segment[range.clone()],
            Self::Copied(events) => events,
        }
    }

    /// Gives them away.
    pub(crate) fn append_to(self, events: &mut Vec<RecordedEvent>) {
        match self {
            Self::Shared(segment, range) => events.extend_from_slice(&segment[range]),
            Self::Copied(copied) => events.extend(copied),
        }
    }
}

fn place(position: Position) -> (usize, usize) {
    let at = index(position.get() - 1);
    (at / SEGMENT, at % SEGMENT)
}

/// The index for a number; beyond every vector, if it is larger than an index can be.
pub(super) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::event;
    use es_core::Version;

    fn entries(events: u64) -> Entries {
        let mut entries = Entries::default();
        for number in 1..=events {
            let stream = "count-1".parse().unwrap();
            entries.push(event(number).record(stream, Version::new(number), Position::new(number)));
        }
        entries
    }

    #[test]
    fn full_segments_hold_no_spare_memory() {
        let entries = entries(20 * SEGMENT as u64 + 1);
        let capacities: Vec<_> = entries.full.iter().skip(1).map(|segment| segment.capacity()).collect();
        assert_eq!(capacities, [SEGMENT; 19]);
    }

    #[test]
    fn an_event_costs_at_most_128_bytes_in_the_log_and_the_index_of_its_stream() {
        assert!(size_of::<RecordedEvent>() + size_of::<Position>() <= 128, "{}", size_of::<RecordedEvent>());
    }

    #[test]
    fn events_of_full_segments_are_shown_where_they_are_and_in_long_runs() {
        let entries = entries(2 * SEGMENT as u64 + 3);
        let mut shown = Vec::new();
        (2..=entries.head().get()).for_each(|position| entries.show(Position::new(position), &mut shown));
        let of: Vec<_> = shown.iter().map(|shown| (shown.events().len(), matches!(shown, Shown::Shared(..)))).collect();
        assert_eq!(of, [(SEGMENT - 1, true), (SEGMENT, true), (3, false)]);
        let payload = |event: &RecordedEvent| event.payload.as_ptr();
        let (first, stored) = (&shown[0].events()[0], entries.at(Position::new(2)));
        assert_eq!((first.position, payload(first)), (Position::new(2), payload(stored)));
    }
}
