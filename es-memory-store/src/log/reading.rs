//! What a reader sees: rules 7 to 9, 12 to 14 and 19 to 22.

use es_core::store::{LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{RecordedEvent, StreamId, Version};

use super::Log;
use super::entries::{Shown, index};

impl Log {
    /// Looks at no more than `scan` events, and adds those that are selected to `shown`; the page itself has none.
    pub(crate) fn look_at_stream(
        &self,
        stream: &StreamId,
        range: &ReadStream,
        scan: usize,
        shown: &mut Vec<Shown>,
    ) -> StreamPage {
        let positions = self.slots.get(stream).map_or(&[][..], |&slot| &self.streams[slot].positions);
        range.walk(Version::new(positions.len() as u64), scan, |version| {
            // `positions[v - 1]` is the event with version `v`.
            let position = positions[index(version.get()) - 1];
            let is_selected = range.filter.is_all() || range.filter.selects(stream, &self.entries.at(position).name);
            if is_selected {
                self.entries.show(position, shown);
            }
            is_selected
        })
    }

    /// Looks at no more than `scan` events, and adds those that are selected to `shown`; the page itself has none.
    pub(crate) fn look_at_log(&self, range: &ReadLog, scan: usize, shown: &mut Vec<Shown>) -> LogPage {
        range.walk(self.head(), scan, |position| {
            let RecordedEvent { stream, name, .. } = self.entries.at(position);
            let is_selected = range.filter.is_all() || range.filter.selects(stream, name);
            if is_selected {
                self.entries.show(position, shown);
            }
            is_selected
        })
    }

    /// The events of the log in that range.
    pub(crate) fn events(&self, range: &ReadLog) -> Vec<RecordedEvent> {
        let (mut shown, mut events) = (Vec::new(), Vec::new());
        self.look_at_log(range, usize::MAX, &mut shown);
        for shown in shown {
            shown.append_to(&mut events);
        }
        events
    }
}
