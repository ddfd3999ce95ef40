//! The log and its streams: every rule about what an append writes and what a reader sees. It knows no lock, no waiting
//! and no limits; the store wraps it in those.

use std::collections::HashMap;

use es_core::store::{AppendError, Appended, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId, Version};

/// Events in one segment of the log.
///
/// A full segment is never moved or copied again, so the log grows without a pause in which a long vector moves.
const SEGMENT: usize = 1024;

/// Every event in position order, and for each stream where its events are.
///
/// Positions are 1, 2, 3, … without gaps, and so is the place of an event known from its position.
#[derive(Default)]
pub(crate) struct Log {
    segments: Vec<Vec<Entry>>,
    head: Position,
    slots: HashMap<StreamId, usize>,
    streams: Vec<Stream>,
}

/// One event; the id of its stream is kept once for all of them.
struct Entry {
    event: NewEvent,
    version: Version,
    slot: usize,
}

struct Stream {
    id: StreamId,
    positions: Vec<Position>,
}

impl Log {
    /// The position of the last event.
    pub(crate) fn head(&self) -> Position {
        self.head
    }

    /// How many streams there are.
    pub(crate) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Rules 1 to 4. Cannot panic between its first and its last change.
    pub(crate) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let slot = self.slots.get(stream).copied();
        let actual = slot.map_or(Version::EMPTY, |slot| self.streams[slot].version());
        if !expected.accepts(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        if events.is_empty() {
            return Ok(Appended { version: actual, position: None });
        }
        let slot = slot.unwrap_or_else(|| self.open(stream, events.len()));
        for event in events {
            self.push(slot, event);
        }
        Ok(Appended { version: self.streams[slot].version(), position: Some(self.head) })
    }

    /// Rules 7 to 9 and 12 to 14.
    pub(crate) fn read_stream(&self, stream: &StreamId, range: ReadStream) -> StreamPage {
        let Some(&slot) = self.slots.get(stream) else {
            return StreamPage { events: Vec::new(), through: range.after, version: Version::EMPTY };
        };
        let Stream { positions, .. } = &self.streams[slot];
        let version = self.streams[slot].version();
        // `positions[v - 1]` is the event with version `v`; a range that is empty or beyond the end selects nothing.
        let selected = index(range.after.get())..index(range.up_to.min(version).get());
        let selected = positions.get(selected).unwrap_or_default();
        let selected = &selected[..selected.len().min(range.limit)];
        let through = range.after.plus(selected.len() as u64);
        let events = selected.iter().map(|&position| self.recorded(position)).collect();
        StreamPage { events, through, version }
    }

    /// Rules 8 to 11, 13 and 14.
    pub(crate) fn read_log(&self, range: ReadLog) -> LogPage {
        let after = range.after.get();
        let events = self.head.get().saturating_sub(after).min(range.limit as u64);
        // Not `head`, if `after` is beyond it: what has not been seen has not been read.
        let through = after + events;
        let events = (after..through).map(|before| self.recorded(Position::new(before + 1))).collect();
        LogPage { events, through: Position::new(through), head: self.head }
    }

    fn open(&mut self, stream: &StreamId, events: usize) -> usize {
        let slot = self.streams.len();
        self.streams.push(Stream { id: stream.clone(), positions: Vec::with_capacity(events) });
        self.slots.insert(stream.clone(), slot);
        slot
    }

    fn push(&mut self, slot: usize, event: NewEvent) {
        let stream = &mut self.streams[slot];
        let position = Position::new(self.head.get() + 1);
        let entry = Entry { event, version: stream.version().next(), slot };
        match self.segments.last_mut() {
            Some(segment) if segment.len() < SEGMENT => segment.push(entry),
            _ => self.segments.push(vec![entry]),
        }
        stream.positions.push(position);
        self.head = position;
    }

    fn recorded(&self, position: Position) -> RecordedEvent {
        let at = index(position.get() - 1);
        let Entry { event, version, slot } = &self.segments[at / SEGMENT][at % SEGMENT];
        event.clone().record(self.streams[*slot].id.clone(), *version, position)
    }
}

impl Stream {
    fn version(&self) -> Version {
        Version::new(self.positions.len() as u64)
    }
}

/// The index for a number; beyond every vector, if it is larger than an index can be.
fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_core::{EventName, Metadata, Payload, Timestamp};

    fn stream(text: &str) -> StreamId {
        text.parse().unwrap()
    }

    fn event(number: u64) -> NewEvent {
        NewEvent {
            id: format!("{number:032x}").parse().unwrap(),
            name: EventName::from_static("counted"),
            schema_version: 1,
            recorded_at: Timestamp::from_micros(0),
            metadata: Metadata::new(),
            payload: Payload::from(number.to_string()),
        }
    }

    const NONE: [u64; 0] = [];

    /// A log in which events 1, 2, … go in turn to streams `count-0` to `count-2`.
    fn log_of(events: u64) -> Log {
        let mut log = Log::default();
        for number in 1..=events {
            let stream = stream(&format!("count-{}", number % 3));
            log.append(&stream, ExpectedVersion::Any, vec![event(number)]).unwrap();
        }
        log
    }

    fn positions(events: &[RecordedEvent]) -> Vec<u64> {
        events.iter().map(|event| event.position.get()).collect()
    }

    #[test]
    fn an_event_is_found_where_it_was_put_also_across_segments() {
        let events = 3 * SEGMENT as u64 + 5;
        let log = log_of(events);
        let page = log.read_log(ReadLog::after(Position::START));
        assert_eq!(positions(&page.events), (1..=events).collect::<Vec<_>>());
        for recorded in &page.events {
            assert_eq!(recorded.payload, recorded.position.to_string());
            assert_eq!(recorded.stream.id(), (recorded.position.get() % 3).to_string());
            assert_eq!(recorded.version.get(), recorded.position.get().div_ceil(3));
        }
    }

    #[test]
    fn full_segments_hold_no_spare_memory() {
        let log = log_of(2 * SEGMENT as u64 + 1);
        let capacities: Vec<_> = log.segments.iter().map(Vec::capacity).collect();
        assert_eq!(capacities[..2], [SEGMENT, SEGMENT]);
        assert_eq!(log.segments.len(), 3);
    }

    #[test]
    fn an_event_costs_at_most_120_bytes_in_the_log_and_the_index_of_its_stream() {
        assert!(size_of::<Entry>() + size_of::<Position>() <= 120, "{}", size_of::<Entry>());
    }

    #[test]
    fn the_id_of_a_stream_is_kept_once() {
        let log = log_of(30);
        let page = log.read_stream(&stream("count-1"), ReadStream::all());
        let texts: Vec<_> = page.events.iter().map(|event| event.stream.as_str().as_ptr()).collect();
        assert_eq!(texts.len(), 10);
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_refused_or_empty_append_leaves_no_trace() {
        let mut log = log_of(3);
        let missing = stream("count-missing");
        log.append(&missing, ExpectedVersion::StreamExists, vec![event(9)]).unwrap_err();
        log.append(&missing, ExpectedVersion::Any, vec![]).unwrap();
        assert_eq!((log.streams(), log.head(), log.slots.len()), (3, Position::new(3), 3));
    }

    #[test]
    fn a_range_beyond_the_end_or_the_wrong_way_round_selects_nothing() {
        let log = log_of(9);
        let one = stream("count-1");
        let read = |range| positions(&log.read_stream(&one, range).events);
        let v = Version::new;
        assert_eq!(read(ReadStream::all()), [1, 4, 7]);
        assert_eq!(read(ReadStream::after(v(1)).up_to(v(2))), [4]);
        assert_eq!(read(ReadStream::after(v(2)).up_to(v(1))), NONE);
        assert_eq!(read(ReadStream::after(v(3))), NONE);
        assert_eq!(read(ReadStream::after(Version::MAX)), NONE);
        assert_eq!(read(ReadStream::all().limit(0)), NONE);
        assert_eq!(read(ReadStream::all().up_to(Version::EMPTY)), NONE);
    }

    #[test]
    fn a_page_goes_through_its_last_event_and_no_further() {
        let log = log_of(9);
        let read = |after, limit| {
            let page = log.read_log(ReadLog::after(Position::new(after)).limit(limit));
            assert_eq!(page.head, Position::new(9));
            (positions(&page.events), page.through.get())
        };
        assert_eq!(read(0, 2), (vec![1, 2], 2));
        assert_eq!(read(7, 9), (vec![8, 9], 9));
        assert_eq!(read(9, 9), (vec![], 9));
        assert_eq!(read(4, 0), (vec![], 4));
        assert_eq!(read(12, 9), (vec![], 12));
        assert_eq!(read(u64::MAX, usize::MAX), (vec![], u64::MAX));
    }
}
