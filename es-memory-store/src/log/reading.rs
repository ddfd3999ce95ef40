//! What a reader sees: rules 7 to 9, 12 to 14 and 19 to 22.

use es_core::store::{EventFilter, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, RecordedEvent, StreamId, Version};

use super::entries::{Entry, index};
use super::{Log, Stream};

impl Log {
    /// Looks at no more than `scan` events.
    pub(crate) fn read_stream(&self, stream: &StreamId, range: &ReadStream, scan: usize) -> StreamPage {
        let positions = self.slots.get(stream).map_or(&[][..], |&slot| &self.streams[slot].positions);
        // `positions[v - 1]` is the event with version `v`.
        let at = |version: Version| positions[index(version.get()) - 1];
        range.page(Version::new(positions.len() as u64), scan, |version| self.selected(at(version), &range.filter))
    }

    /// Looks at no more than `scan` events.
    pub(crate) fn read_log(&self, range: &ReadLog, scan: usize) -> LogPage {
        range.page(self.head(), scan, |position| self.selected(position, &range.filter))
    }

    fn selected(&self, position: Position, filter: &EventFilter) -> Option<RecordedEvent> {
        let Entry { event, version, slot } = self.entries.at(position);
        let Stream { id, .. } = &self.streams[*slot];
        filter.selects(id, &event.name).then(|| event.clone().record(id.clone(), *version, position))
    }
}
