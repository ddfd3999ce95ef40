//! What a reader sees: rules 7 to 9, 12 to 14 and 19 to 22.

use std::ops::ControlFlow;
use std::slice::from_ref;

use arrayvec::ArrayVec;
use es_core::store::{Direction, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, RecordedEvent, StreamId, Version};

use super::Log;
use super::entries::index;
use super::streams::{Place, Stream};

/// How many events are looked at for one page of a read that has a filter, so that a rare event holds no thread up.
const MOST: usize = 65_536;

/// How many positions of a stream are copied while its shard is locked once.
const WINDOW: usize = 64;

impl Log {
    /// Gives `visit` the events of a page, until it breaks off; the page itself has none.
    pub(crate) fn visit_stream(
        &self,
        stream: &StreamId,
        range: &ReadStream,
        mut visit: impl FnMut(&[RecordedEvent]) -> ControlFlow<()>,
    ) -> StreamPage {
        let is_all = range.filter.is_all();
        let (mut positions, mut entries) = (Positions::new(self, stream, range), self.entries.reader());
        range.walk(positions.version, if is_all { usize::MAX } else { MOST }, |version| {
            let Some(event) = positions.of(version).and_then(|position| entries.at(position)) else {
                return ControlFlow::Break(());
            };
            let is_selected = is_all || range.filter.selects(stream, &event.name);
            if is_selected {
                visit(from_ref(event))?;
            }
            ControlFlow::Continue(is_selected)
        })
    }

    /// Gives `visit` the events of a page, until it breaks off; the page itself has none.
    pub(crate) fn visit_log(&self, range: &ReadLog, visit: impl FnMut(&[RecordedEvent]) -> ControlFlow<()>) -> LogPage {
        self.visit_some(range, if range.filter.is_all() { usize::MAX } else { MOST }, visit)
    }

    /// The events of the log in that range.
    pub(crate) fn events(&self, range: &ReadLog) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        self.visit_some(range, usize::MAX, |shown| {
            events.extend_from_slice(shown);
            ControlFlow::Continue(())
        });
        events
    }

    /// Looks at no more than `most` events.
    pub(super) fn visit_some(
        &self,
        range: &ReadLog,
        most: usize,
        mut visit: impl FnMut(&[RecordedEvent]) -> ControlFlow<()>,
    ) -> LogPage {
        let (is_all, mut entries) = (range.filter.is_all(), self.entries.reader());
        range.walk(self.head(), most, |position| {
            let Some(event) = entries.at(position) else { return ControlFlow::Break(()) };
            let is_selected = is_all || range.filter.selects(&event.stream, &event.name);
            if is_selected {
                visit(from_ref(event))?;
            }
            ControlFlow::Continue(is_selected)
        })
    }
}

/// The positions of a stream, a window of them at a time.
struct Positions<'l> {
    log: &'l Log,
    stream: &'l StreamId,
    place: Place,
    direction: Direction,
    /// The version of the stream when this began.
    version: Version,
    /// The version before the first of the window.
    before: Version,
    window: ArrayVec<Position, WINDOW>,
}

impl<'l> Positions<'l> {
    fn new(log: &'l Log, stream: &'l StreamId, range: &ReadStream) -> Self {
        let place = log.streams.place(stream);
        let (direction, version, before, window) = (range.direction, Version::EMPTY, range.after, ArrayVec::new());
        let mut positions = Self { log, stream, place, direction, version, before, window };
        let shard = log.streams.read(place);
        if let Some(found) = shard.find(place, stream) {
            positions.version = found.version();
            positions.look_at(
                found,
                match direction {
                    Direction::Forward => Version::new(range.after.get().saturating_add(1)),
                    Direction::Backward => range.up_to.min(found.version()),
                },
            );
        }
        positions
    }

    /// Where the event with this version is; they are asked for in the direction of the read.
    #[inline]
    fn of(&mut self, version: Version) -> Option<Position> {
        match self.in_window(version) {
            Some(position) => Some(position),
            None => self.beyond_window(version),
        }
    }

    #[inline]
    fn in_window(&self, version: Version) -> Option<Position> {
        self.window.get(index(version.get().wrapping_sub(self.before.get() + 1))).copied()
    }

    #[cold]
    fn beyond_window(&mut self, version: Version) -> Option<Position> {
        let shard = self.log.streams.read(self.place);
        self.look_at(shard.find(self.place, self.stream)?, version);
        self.in_window(version)
    }

    /// Moves the window to where it has this version and those that follow in the direction of the read.
    fn look_at(&mut self, found: &Stream, version: Version) {
        let before = match self.direction {
            Direction::Forward => version.get().saturating_sub(1),
            Direction::Backward => version.get().saturating_sub(WINDOW as u64),
        };
        self.before = Version::new(before);
        self.window = found.positions_after(self.before).iter().take(WINDOW).copied().collect();
    }
}
