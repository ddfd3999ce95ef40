//! Rules 1 to 4 and 6: what an append writes.

use es_core::store::{AppendError, Appended, EventStore, ReadStream};
use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, Payload, StreamId, Timestamp};
use es_memory_store::MemoryStore;

use crate::{event, events, numbers, p, positions, put, stream, v, versions, whole_log, whole_stream};

#[tokio::test]
async fn rule_1_a_batch_is_stored_together_and_in_the_given_order() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1]).await;
    assert_eq!(put(&store, "count-b", [5, 3, 4]).await, Appended { version: v(3), position: Some(p(4)) });
    put(&store, "count-a", [2]).await;

    let stored = whole_stream(&store, "count-b").await;
    assert_eq!((numbers(&stored), positions(&stored)), (vec![5, 3, 4], vec![2, 3, 4]));
}

#[tokio::test]
async fn rule_1_a_refused_batch_stores_nothing_at_all() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1]).await;
    let refused = store.append(&stream("count-a"), ExpectedVersion::NoStream, events(2..100)).await;
    assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
    assert_eq!(numbers(&whole_log(&store).await), [1]);
}

#[tokio::test]
async fn rule_2_versions_count_from_1_in_each_stream() {
    let store = MemoryStore::new();
    for numbers in [1..=2, 3..=3, 4..=7] {
        put(&store, "count-a", numbers.clone()).await;
        put(&store, "count-b", numbers.map(|number| number + 10)).await;
    }
    assert_eq!(versions(&whole_stream(&store, "count-a").await), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(versions(&whole_stream(&store, "count-b").await), [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn rule_3_each_expectation_is_met_or_is_a_conflict_that_writes_nothing() {
    use ExpectedVersion::{Any, Exact, NoStream, StreamExists};
    let accepted_when_missing = [(Any, true), (NoStream, true), (StreamExists, false), (Exact(v(0)), true)];
    let accepted_at_2 = [(Any, true), (NoStream, false), (StreamExists, true), (Exact(v(2)), true)];
    let wrong_at_both = [(Exact(v(1)), false), (Exact(v(3)), false)];

    for (before, cases) in [(0, accepted_when_missing), (2, accepted_at_2)] {
        for (expected, accepted) in cases.into_iter().chain(wrong_at_both) {
            let store = MemoryStore::new();
            put(&store, "count-a", 0..before).await;
            let result = store.append(&stream("count-a"), expected, vec![event(9)]).await;
            let stored = whole_log(&store).await.len() as u64;
            if accepted {
                assert_eq!(result.unwrap().version, v(before + 1), "{expected} at {before}");
                assert_eq!(stored, before + 1, "{expected} at {before}");
            } else {
                let Err(AppendError::Conflict { stream: on, expected: told, actual }) = result else {
                    panic!("{expected} at {before}: {result:?}");
                };
                assert_eq!((on, told, actual), (stream("count-a"), expected, v(before)));
                assert_eq!(stored, before, "{expected} at {before}");
            }
        }
    }
}

#[tokio::test]
async fn rule_4_an_empty_append_writes_nothing_and_creates_no_stream() {
    let store = MemoryStore::new();
    let nothing = store.append(&stream("count-a"), ExpectedVersion::NoStream, vec![]).await.unwrap();
    assert_eq!(nothing, Appended { version: v(0), position: None });
    let exists = store.append(&stream("count-a"), ExpectedVersion::StreamExists, vec![]).await;
    assert!(matches!(exists, Err(AppendError::Conflict { .. })), "{exists:?}");
    assert_eq!(format!("{store:?}"), "MemoryStore { streams: 0, head: Position(0), .. }");
}

#[tokio::test]
async fn rule_4_what_an_empty_append_expects_is_checked() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1, 2]).await;
    let met = store.append(&stream("count-a"), ExpectedVersion::Exact(v(2)), vec![]).await.unwrap();
    assert_eq!(met, Appended { version: v(2), position: None });
    let missed = store.append(&stream("count-a"), ExpectedVersion::Exact(v(1)), vec![]).await;
    assert!(matches!(missed, Err(AppendError::Conflict { actual, .. }) if actual == v(2)));
}

#[tokio::test]
async fn rule_6_everything_is_given_back_as_it_was_given() {
    let store = MemoryStore::new();
    let given = NewEvent {
        id: "018f4d3c-0000-7000-8000-0000000000ff".parse().unwrap(),
        name: EventName::new("Größe geändert; DROP TABLE events; --'\"\\").unwrap(),
        schema_version: u32::MAX,
        recorded_at: Timestamp::from_micros(i64::MIN),
        metadata: Metadata::new()
            .with_correlation_id("request-17 'x'")
            .with_causation_id("018F4D3C-0000-7000-8000-000000000001")
            .with_actor("Zoë \"the\u{200b} boss\"")
            .with_traceparent("00-1-2-01"),
        payload: Payload::from_static(&[0, 255, b'\'', 0xc3, 0x28]),
    };
    let bare = NewEvent { metadata: Metadata::new(), payload: Payload::new(), ..event(1) };
    let id = StreamId::new("kontó", "Zoë O'Brien; \"x\" -- %_日本 / 🦀").unwrap();
    let batch = vec![given.clone(), bare.clone()];
    store.append(&id, ExpectedVersion::NoStream, batch).await.unwrap();

    let recorded = [given.record(id.clone(), v(1), p(1)), bare.record(id.clone(), v(2), p(2))];
    assert_eq!(store.read_stream(&id, ReadStream::all()).await.unwrap().events, recorded);
    assert_eq!(whole_log(&store).await, recorded);
}

#[tokio::test]
async fn a_clone_is_another_handle_to_the_same_events_and_a_new_store_is_empty() {
    let store = MemoryStore::default();
    put(&store.clone(), "count-a", [1]).await;
    assert_eq!(numbers(&whole_log(&store).await), [1]);
    assert_eq!(whole_log(&MemoryStore::default()).await, []);
}
