//! What an append writes and a read sees, without the store around it.

use std::ops::ControlFlow;

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
    let log = Log::default();
    for number in 1..=events {
        let stream = stream(&format!("count-{}", number % 3));
        log.writer().append(&stream, ExpectedVersion::Any, vec![event(number)]).unwrap();
    }
    log
}

fn of_stream(log: &Log, stream: &StreamId, range: &ReadStream) -> (StreamPage, Vec<RecordedEvent>) {
    let mut events = Vec::new();
    let page = log.visit_stream(stream, range, |shown| {
        events.extend_from_slice(shown);
        ControlFlow::Continue(())
    });
    (page, events)
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
        assert_eq!(log.writer().find(recorded.id).unwrap().position, recorded.position);
    }
    assert_eq!(log.writer().find(event(events + 1).id), None);
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
    let log = log_of(3);
    let missing = stream("count-missing");
    log.writer().append(&missing, ExpectedVersion::StreamExists, vec![event(9)]).unwrap_err();
    log.writer().append(&missing, ExpectedVersion::Any, vec![]).unwrap();
    log.writer().append(&missing, ExpectedVersion::Any, vec![event(9), event(1)]).unwrap_err();
    assert_eq!((log.streams(), log.head()), (3, Position::new(3)));
    assert_eq!(log.writer().find(event(9).id), None);
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
    let read = |range: ReadLog, most| {
        let mut events = Vec::new();
        let page = log.visit_some(&range, most, |shown| {
            events.extend_from_slice(shown);
            ControlFlow::Continue(())
        });
        assert_eq!(page.head, Position::new(9));
        (positions(&events), page.through.get(), page.is_end)
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
