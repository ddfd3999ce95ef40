//! What a reader sees: rules 7 to 9, 12 to 14 and 19 to 22.

use es_core::store::{Direction, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, RecordedEvent, StreamId, Version};

use super::entries::{Entry, index};
use super::{Log, Stream};

impl Log {
    /// Looks at no more than `scan` events.
    pub(crate) fn read_stream(&self, stream: &StreamId, range: &ReadStream, scan: usize) -> StreamPage {
        let positions = self.slots.get(stream).map_or(&[][..], |&slot| &self.streams[slot].positions);
        let version = Version::new(positions.len() as u64);
        let mut page = StreamPage { events: Vec::new(), through: range.start(version), is_end: false, version };
        // `positions[v - 1]` is the event with version `v`; a range that is empty or beyond the end selects nothing.
        let within = index(range.after.get())..index(range.up_to.min(version).get());
        let first = range.after.get();
        let within = positions.get(within).unwrap_or_default().iter().enumerate();
        let mut look = |position: Position, through: u64| {
            if page.events.len() == range.limit {
                return false;
            }
            page.events.extend(self.selected(position, |stream, event| range.filter.selects(stream, event)));
            page.through = Version::new(through);
            true
        };
        match range.direction {
            Direction::Forward => within.take(scan).all(|(at, position)| look(*position, first + at as u64 + 1)),
            Direction::Backward => within.rev().take(scan).all(|(at, position)| look(*position, first + at as u64)),
        };
        page.is_end = range.is_end(page.through, version);
        page
    }

    /// Looks at no more than `scan` events.
    pub(crate) fn read_log(&self, range: &ReadLog, scan: usize) -> LogPage {
        let head = self.head();
        let mut page = LogPage { events: Vec::new(), through: range.start(head), is_end: false, head };
        let mut look = |position: u64, through: u64| {
            if page.events.len() == range.limit {
                return false;
            }
            let position = Position::new(position);
            page.events.extend(self.selected(position, |stream, event| range.filter.selects(stream, event)));
            page.through = Position::new(through);
            true
        };
        let within = range.after.get()..range.up_to.min(head).get();
        match range.direction {
            Direction::Forward => within.take(scan).all(|before| look(before + 1, before + 1)),
            Direction::Backward => within.rev().take(scan).all(|before| look(before + 1, before)),
        };
        page.is_end = range.is_end(page.through, head);
        page
    }

    fn selected(
        &self,
        position: Position,
        selects: impl Fn(&StreamId, &es_core::EventName) -> bool,
    ) -> Option<RecordedEvent> {
        let Entry { event, version, slot } = self.entries.at(position);
        let Stream { id, .. } = &self.streams[*slot];
        selects(id, &event.name).then(|| event.clone().record(id.clone(), *version, position))
    }
}
