//! The log and its streams: every rule about what an append writes and what a reader sees. It knows no lock, no waiting
//! and no limits; the store wraps it in those.

mod entries;
mod ids;
mod reading;

use std::collections::HashMap;

use es_core::store::{
    AppendError, Appended, EventPlace, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation, admit,
    sent_before,
};
use es_core::{EventId, ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId, Version};

use self::entries::Entries;
pub(crate) use self::entries::Shown;
use self::ids::Ids;

/// Every event, where its id is, and for each stream where its events are.
#[derive(Default)]
pub(crate) struct Log {
    entries: Entries,
    ids: Ids,
    slots: hashbrown::HashMap<StreamId, usize>,
    streams: Vec<Stream>,
}

struct Stream {
    id: StreamId,
    positions: Vec<Position>,
}

impl Log {
    /// The position of the last event.
    pub(crate) fn head(&self) -> Position {
        self.entries.head()
    }

    /// How many streams there are.
    pub(crate) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Rules 1 to 4 and 15 to 18. Cannot panic between its first and its last change.
    pub(crate) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        if let Some(outcome) = admit(stream, expected, &events, self.version(stream), |id| self.find(id))? {
            return Ok(outcome);
        }
        let slot = self.open(stream, events.len());
        for event in events {
            self.push(slot, event);
        }
        Ok(Appended { version: self.streams[slot].version(), position: Some(self.head()) })
    }

    /// Rules 30 to 34, of a batch that has been validated. Cannot panic between its first and its last change.
    pub(crate) fn append_multi(&mut self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let ids = batch.events.iter().map(|(stream, event)| (stream, event.id));
        let sent = sent_before(ids, |id| self.find(id))?;
        let violations = if sent.is_some() { Vec::new() } else { self.violations(&batch) };
        let MultiAppend { appends, events, .. } = batch;
        let mut last_of = HashMap::new();
        let mut position = None;
        if let Some(places) = sent {
            for EventPlace { stream, version, position: at } in places {
                last_of.insert(stream, (version, Some(at)));
                position = Some(at);
            }
        } else {
            if !violations.is_empty() {
                return Err(MultiAppendError::Conflict { violations });
            }
            for (stream, event) in events {
                let slot = self.open(&stream, 1);
                self.push(slot, event);
                position = Some(self.head());
                last_of.insert(stream, (self.streams[slot].version(), position));
            }
        }
        let outcome = |stream: StreamId| {
            let (version, position) = last_of.get(&stream).copied().unwrap_or((self.version(&stream), None));
            StreamAppended { stream, version, position }
        };
        Ok(MultiAppended { streams: appends.into_iter().map(|part| outcome(part.stream)).collect(), position })
    }

    /// The events as an append would store them; none, if it has been sent before.
    pub(crate) fn preview(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: &[NewEvent],
    ) -> Result<Vec<RecordedEvent>, AppendError> {
        let ids = events.iter().map(|event| (stream, event.id));
        if sent_before(ids, |id| self.find(id))?.is_some() {
            return Ok(Vec::new());
        }
        let actual = self.version(stream);
        if !expected.accepts(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        Ok(self.recorded(events.iter().map(|event| (stream, event))))
    }

    /// The events as an append to several streams would store them; none, if it has been sent before.
    pub(crate) fn preview_multi(&self, batch: &MultiAppend) -> Result<Vec<RecordedEvent>, MultiAppendError> {
        let ids = batch.events.iter().map(|(stream, event)| (stream, event.id));
        if sent_before(ids, |id| self.find(id))?.is_some() {
            return Ok(Vec::new());
        }
        let violations = self.violations(batch);
        if !violations.is_empty() {
            return Err(MultiAppendError::Conflict { violations });
        }
        Ok(self.recorded(batch.events.iter().map(|(stream, event)| (stream, event))))
    }

    fn violations(&self, batch: &MultiAppend) -> Vec<Violation> {
        let violated = batch.appends.iter().chain(&batch.checks).filter_map(|part| {
            let (stream, expected, actual) = (part.stream.clone(), part.expected, self.version(&part.stream));
            (!expected.accepts(actual)).then_some(Violation { stream, expected, actual })
        });
        violated.collect()
    }

    fn recorded<'a>(&self, events: impl Iterator<Item = (&'a StreamId, &'a NewEvent)>) -> Vec<RecordedEvent> {
        let (mut versions, mut head) = (HashMap::new(), self.head());
        let record = |(stream, event): (&'a StreamId, &'a NewEvent)| {
            let version = versions.entry(stream).or_insert_with(|| self.version(stream));
            *version = version.next();
            head = Position::new(head.get() + 1);
            event.clone().record(stream.clone(), *version, head)
        };
        events.map(record).collect()
    }

    fn version(&self, stream: &StreamId) -> Version {
        self.slots.get(stream).map_or(Version::EMPTY, |&slot| self.streams[slot].version())
    }

    fn find(&self, id: EventId) -> Option<EventPlace> {
        let position = self.ids.find(id, &self.entries)?;
        let RecordedEvent { stream, version, .. } = self.entries.at(position);
        Some(EventPlace { stream: stream.clone(), version: *version, position })
    }

    fn open(&mut self, stream: &StreamId, events: usize) -> usize {
        if let Some(&slot) = self.slots.get(stream) {
            return slot;
        }
        let slot = self.streams.len();
        self.streams.push(Stream { id: stream.clone(), positions: Vec::with_capacity(events) });
        self.slots.insert(stream.clone(), slot);
        slot
    }

    fn push(&mut self, slot: usize, event: NewEvent) {
        let position = Position::new(self.head().get() + 1);
        let stream = &mut self.streams[slot];
        self.ids.insert(event.id, position);
        self.entries.push(event.record(stream.id.clone(), stream.version().next(), position));
        stream.positions.push(position);
    }
}

impl Stream {
    fn version(&self) -> Version {
        Version::new(self.positions.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::entries::SEGMENT;
    use super::*;
    use es_core::store::{ReadLog, ReadStream, StreamPage};
    use es_core::{EventName, Metadata, Payload, Timestamp};

    fn stream(text: &str) -> StreamId {
        text.parse().unwrap()
    }

    pub(super) fn event(number: u64) -> NewEvent {
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

    fn given(shown: Vec<Shown>) -> Vec<RecordedEvent> {
        let mut events = Vec::new();
        for shown in shown {
            shown.append_to(&mut events);
        }
        events
    }

    fn of_stream(log: &Log, stream: &StreamId, range: &ReadStream) -> (StreamPage, Vec<RecordedEvent>) {
        let mut shown = Vec::new();
        let page = log.look_at_stream(stream, range, usize::MAX, &mut shown);
        (page, given(shown))
    }

    fn positions(events: &[RecordedEvent]) -> Vec<u64> {
        events.iter().map(|event| event.position.get()).collect()
    }

    #[test]
    fn an_event_is_found_where_it_was_put_also_across_segments() {
        let events = 3 * SEGMENT as u64 + 5;
        let log = log_of(events);
        let read = log.events(&ReadLog::all());
        assert_eq!(positions(&read), (1..=events).collect::<Vec<_>>());
        for recorded in &read {
            assert_eq!(recorded.payload, recorded.position.to_string());
            assert_eq!(recorded.stream.id(), (recorded.position.get() % 3).to_string());
            assert_eq!(recorded.version.get(), recorded.position.get().div_ceil(3));
            assert_eq!(log.find(recorded.id).unwrap().position, recorded.position);
        }
        assert_eq!(log.find(event(events + 1).id), None);
    }

    #[test]
    fn the_id_of_a_stream_is_kept_once() {
        let log = log_of(30);
        let (_, events) = of_stream(&log, &stream("count-1"), &ReadStream::all());
        let texts: Vec<_> = events.iter().map(|event| event.stream.as_str().as_ptr()).collect();
        assert_eq!(texts.len(), 10);
        assert!(texts.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_refused_or_empty_append_leaves_no_trace() {
        let mut log = log_of(3);
        let missing = stream("count-missing");
        log.append(&missing, ExpectedVersion::StreamExists, vec![event(9)]).unwrap_err();
        log.append(&missing, ExpectedVersion::Any, vec![]).unwrap();
        log.append(&missing, ExpectedVersion::Any, vec![event(9), event(1)]).unwrap_err();
        assert_eq!((log.streams(), log.head(), log.slots.len()), (3, Position::new(3), 3));
        assert_eq!(log.find(event(9).id), None);
    }

    #[test]
    fn a_range_beyond_the_end_or_the_wrong_way_round_selects_nothing() {
        let log = log_of(9);
        let one = stream("count-1");
        let v = Version::new;
        let both = |range: ReadStream, expected: &[u64]| {
            let read = |range: ReadStream| positions(&of_stream(&log, &one, &range).1);
            assert_eq!(read(range.clone()), expected);
            assert_eq!(read(range.backward()), expected.iter().rev().copied().collect::<Vec<_>>());
        };
        both(ReadStream::all(), &[1, 4, 7]);
        both(ReadStream::after(v(1)).up_to(v(2)), &[4]);
        both(ReadStream::after(v(2)).up_to(v(1)), &NONE);
        both(ReadStream::after(v(3)), &NONE);
        both(ReadStream::after(Version::MAX), &NONE);
        both(ReadStream::all().limit(0), &NONE);
        both(ReadStream::all().up_to(Version::EMPTY), &NONE);
    }

    #[test]
    fn a_page_goes_through_what_was_looked_at_and_no_further() {
        let log = log_of(9);
        let read = |range: ReadLog, scan| {
            let mut shown = Vec::new();
            let page = log.look_at_log(&range, scan, &mut shown);
            assert_eq!(page.head, Position::new(9));
            (positions(&given(shown)), page.through.get(), page.is_end)
        };
        let after = |after| ReadLog::after(Position::new(after));
        assert_eq!(read(after(0).limit(2), 99), (vec![1, 2], 2, false));
        assert_eq!(read(after(7).limit(9), 99), (vec![8, 9], 9, true));
        assert_eq!(read(after(9).limit(9), 99), (vec![], 9, true));
        assert_eq!(read(after(4).limit(0), 99), (vec![], 4, false));
        assert_eq!(read(after(12).limit(9), 99), (vec![], 12, true));
        assert_eq!(read(after(u64::MAX), 99), (vec![], u64::MAX, true));
        assert_eq!(read(after(2), 3), (vec![3, 4, 5], 5, false));
        assert_eq!(read(after(2).backward(), 3), (vec![9, 8, 7], 6, false));
        assert_eq!(read(after(7).backward(), 3), (vec![9, 8], 7, true));
        assert_eq!(read(after(7).backward().limit(0), 3), (vec![], 9, false));
        assert_eq!(read(after(12).backward(), 3), (vec![], 12, true));
    }
}
