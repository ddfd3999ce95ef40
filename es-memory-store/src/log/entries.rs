//! Every event in position order, where none is ever moved, and who reads locks nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use es_core::{Position, RecordedEvent};

/// Events in one segment of the log.
pub(super) const SEGMENT: usize = 64;

/// A place for each event of a segment.
type Segment = Box<[OnceLock<RecordedEvent>]>;

/// The events by their positions, which are 1, 2, 3, … without gaps.
///
/// One thread at a time writes, and each position once.
#[derive(Default)]
pub(super) struct Entries {
    segments: boxcar::Vec<Segment>,
    head: Apart<AtomicU64>,
}

/// Alone on its cache lines, because processors take a line that one of them writes from each other.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);

impl Entries {
    /// The position of the last event that is shown.
    pub(super) fn head(&self) -> Position {
        Position::new(self.head.0.load(Ordering::Acquire))
    }

    /// The event at a position, if one has been written there.
    pub(super) fn at(&self, position: Position) -> Option<&RecordedEvent> {
        self.reader().at(position)
    }

    /// Reads one event after the other, which mostly stand next to each other.
    pub(super) const fn reader(&self) -> Reader<'_> {
        Reader { segments: &self.segments, last: None }
    }

    /// Writes an event at its position, which comes right after the last that was written.
    pub(super) fn write(&self, event: RecordedEvent) {
        let at = index(event.position.get() - 1);
        let segment = self.segments.get(at / SEGMENT).unwrap_or_else(|| {
            let segment = (0..SEGMENT).map(|_| OnceLock::new()).collect();
            &self.segments[self.segments.push(segment)]
        });
        // Captured by reference, so that it is moved to its place at once.
        let mut event = Some(event);
        segment[at % SEGMENT].get_or_init(|| event.take().expect("it is asked for once"));
        debug_assert!(event.is_none(), "the position was written before");
    }

    /// Shows what has been written to all who read the log, up to a position.
    pub(super) fn show_through(&self, head: Position) {
        self.head.0.store(head.get(), Ordering::Release);
    }
}

/// Looks up segments, and remembers the last.
pub(super) struct Reader<'e> {
    segments: &'e boxcar::Vec<Segment>,
    last: Option<(usize, &'e [OnceLock<RecordedEvent>])>,
}

impl<'e> Reader<'e> {
    /// The event at a position, if one has been written there.
    #[inline]
    pub(super) fn at(&mut self, position: Position) -> Option<&'e RecordedEvent> {
        let at = index(position.get().checked_sub(1)?);
        let segment = match self.last {
            Some((last, segment)) if last == at / SEGMENT => segment,
            _ => {
                let segment = self.segments.get(at / SEGMENT)?;
                self.last = Some((at / SEGMENT, segment));
                segment
            }
        };
        segment.get(at % SEGMENT)?.get()
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
    use es_core::Version;

    #[test]
    fn an_event_stays_where_it_was_written() {
        let entries = Entries::default();
        let mut places = Vec::new();
        for number in 1..=20 * SEGMENT as u64 + 1 {
            let stream = "count-1".parse().unwrap();
            entries.write(event(number).record(stream, Version::new(number), Position::new(number)));
            places.push(std::ptr::from_ref(entries.at(Position::new(number)).unwrap()));
        }
        let at = |number: usize| entries.at(Position::new(number as u64)).unwrap();
        assert!((1..).zip(&places).all(|(number, place)| std::ptr::eq(at(number), *place)));
        assert_eq!((entries.at(Position::START), entries.at(Position::new(20 * 64 + 2))), (None, None));
        assert_eq!(entries.at(Position::new(u64::MAX)), None);
    }

    #[test]
    fn what_is_written_is_not_the_head_before_it_is_shown() {
        let entries = Entries::default();
        entries.write(event(1).record("count-1".parse().unwrap(), Version::new(1), Position::new(1)));
        assert_eq!(entries.head(), Position::START);
        entries.show_through(Position::new(1));
        assert_eq!(entries.head(), Position::new(1));
    }

    #[test]
    fn an_event_costs_at_most_136_bytes_in_the_log_and_the_index_of_its_stream() {
        let bytes = size_of::<OnceLock<RecordedEvent>>() + size_of::<Position>();
        assert!(bytes <= 136, "{bytes}");
    }
}
