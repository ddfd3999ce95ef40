//! Rule 5: what is refused before anything is written.

use es_core::store::{AppendError, EventStore, Limits, MultiAppendError, Violation};
use es_core::{ExpectedVersion, NewEvent, Payload};
use es_memory_store::MemoryStore;

use crate::{event, events, numbers, put, stream, whole_log};

#[tokio::test]
async fn rule_5_a_batch_with_more_events_than_the_limit_is_refused_whole() {
    let store = MemoryStore::with_limits(Limits { batch_events: 3, ..MemoryStore::new().limits() });
    let Err(AppendError::LimitExceeded { stream: on, what, actual, limit }) =
        store.append(&stream("count-a"), ExpectedVersion::Any, events(1..=4)).await
    else {
        panic!("not refused");
    };
    assert_eq!((on, what, actual, limit), (stream("count-a"), "events in one append", 4, 3));
    assert_eq!(whole_log(&store).await, []);
    put(&store, "count-a", 1..=3).await;
}

#[tokio::test]
async fn rule_5_one_payload_beyond_the_limit_refuses_the_batch() {
    let store = MemoryStore::with_limits(Limits { payload_bytes: 3, ..MemoryStore::new().limits() });
    let large = NewEvent { payload: Payload::from_static(b"1234"), ..event(2) };
    let Err(AppendError::LimitExceeded { stream: on, what, actual, limit }) =
        store.append(&stream("count-a"), ExpectedVersion::Any, vec![event(1), large]).await
    else {
        panic!("not refused");
    };
    assert_eq!((on, what, actual, limit), (stream("count-a"), "bytes in one payload", 4, 3));
    assert_eq!(whole_log(&store).await, []);
    put(&store, "count-a", [999]).await;
}

#[tokio::test]
async fn the_documented_limits_are_accepted_and_no_more() {
    let store = MemoryStore::new();
    assert_eq!(store.limits(), Limits { payload_bytes: 16 * 1024 * 1024, batch_events: 10_000 });
    let largest = NewEvent { payload: vec![7; 16 * 1024 * 1024].into(), ..event(0) };
    let too_large = NewEvent { payload: vec![7; 16 * 1024 * 1024 + 1].into(), ..event(0) };
    store.append(&stream("blob-a"), ExpectedVersion::Any, vec![largest]).await.unwrap();
    store.append(&stream("blob-a"), ExpectedVersion::Any, vec![too_large]).await.unwrap_err();

    put(&store, "count-a", 1..=10_000).await;
    store.append(&stream("count-a"), ExpectedVersion::Any, events(1..=10_001)).await.unwrap_err();
    assert_eq!(whole_log(&store).await.len(), 10_001);
    assert_eq!(numbers(&whole_log(&store).await[1..3]), [1, 2]);
}

#[test]
fn every_refusal_says_what_it_is_about() {
    let stream = stream("count-a");
    let limits = Limits { payload_bytes: 1, batch_events: 2 };
    let message = |batch: Vec<NewEvent>| limits.check(&stream, &batch).unwrap_err().to_string();
    assert_eq!(message(events(1..=3)), "append to stream `count-a` refused: 3 events in one append, the limit is 2");
    assert_eq!(message(events([10])), "append to stream `count-a` refused: 2 bytes in one payload, the limit is 1");
    assert_eq!(
        message(events([1, 1])),
        "append to stream `count-a` refused: two events have the id 00000000-0000-0000-0000-000000000001"
    );
}

#[tokio::test]
async fn a_payload_cut_from_a_large_buffer_does_not_keep_the_buffer() {
    let store = MemoryStore::new();
    let buffer = Payload::from(vec![b'7'; 1024 * 1024]);
    let small = NewEvent { payload: buffer.slice(..3), ..event(1) };
    store.append(&stream("count-a"), ExpectedVersion::Any, vec![small]).await.unwrap();
    assert!(buffer.is_unique());
    assert_eq!(numbers(&whole_log(&store).await), [777]);
}

#[test]
fn the_refusal_of_a_stored_id_names_both_places() {
    let error = AppendError::EventIdStored {
        stream: stream("count-b"),
        id: event(1).id,
        stored_in: stream("count-a"),
        version: crate::v(3),
    };
    assert_eq!(
        error.to_string(),
        "append to stream `count-b` refused: the event id 00000000-0000-0000-0000-000000000001 is stored already, \
         as event 3 of stream `count-a`"
    );
}

#[test]
fn a_conflict_of_several_streams_lists_them_all() {
    let violation = |text, expected, actual| Violation { stream: stream(text), expected, actual: crate::v(actual) };
    let violations = vec![
        violation("count-a", ExpectedVersion::StreamExists, 0),
        violation("count-c", ExpectedVersion::NoStream, 1),
        violation("count-e", ExpectedVersion::Exact(crate::v(4)), 0),
    ];
    assert_eq!(
        MultiAppendError::Conflict { violations }.to_string(),
        "conflict on stream `count-a`: expected an existing stream, but it is at version 0; \
         stream `count-c`: expected no stream, but it is at version 1; \
         stream `count-e`: expected version 4, but it is at version 0"
    );
}
