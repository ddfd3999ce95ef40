//! Every event in position order, where none is ever moved.

use es_core::{NewEvent, Position, Version};

/// Events in one segment of the log.
///
/// A full segment is never moved or copied again, so the log grows without a pause in which a long vector moves.
pub(super) const SEGMENT: usize = 1024;

/// The events by their positions, which are 1, 2, 3, … without gaps.
#[derive(Default)]
pub(super) struct Entries {
    segments: Vec<Vec<Entry>>,
    head: Position,
}

/// One event; the id of its stream is kept once for all of them.
pub(super) struct Entry {
    pub(super) event: NewEvent,
    pub(super) version: Version,
    pub(super) slot: usize,
}

impl Entries {
    /// The position of the last event.
    pub(super) fn head(&self) -> Position {
        self.head
    }

    /// The event at a position, which is one of the log.
    pub(super) fn at(&self, position: Position) -> &Entry {
        let at = index(position.get() - 1);
        &self.segments[at / SEGMENT][at % SEGMENT]
    }

    pub(super) fn push(&mut self, entry: Entry) -> Position {
        match self.segments.last_mut() {
            Some(segment) if segment.len() < SEGMENT => segment.push(entry),
            _ => self.segments.push(vec![entry]),
        }
        self.head = Position::new(self.head.get() + 1);
        self.head
    }
}

/// The index for a number; beyond every vector, if it is larger than an index can be.
pub(super) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::event;

    #[test]
    fn full_segments_hold_no_spare_memory() {
        let mut entries = Entries::default();
        for number in 1..=2 * SEGMENT as u64 + 1 {
            entries.push(Entry { event: event(number), version: Version::new(number), slot: 0 });
        }
        let capacities: Vec<_> = entries.segments.iter().map(Vec::capacity).collect();
        assert_eq!(capacities[..2], [SEGMENT, SEGMENT]);
        assert_eq!(entries.segments.len(), 3);
    }

    #[test]
    fn an_event_costs_at_most_120_bytes_in_the_log_and_the_index_of_its_stream() {
        assert!(size_of::<Entry>() + size_of::<Position>() <= 120, "{}", size_of::<Entry>());
    }
}
