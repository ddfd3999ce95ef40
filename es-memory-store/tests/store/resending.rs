//! Rules 15 to 18: what has been sent before.

use es_core::store::{AppendError, Appended, EventStore};
use es_core::{ExpectedVersion, NewEvent, Payload};
use es_memory_store::MemoryStore;

use crate::{event, events, numbers, p, put, stream, v, whole_log};

const ALL: [ExpectedVersion; 4] = [
    ExpectedVersion::Any,
    ExpectedVersion::NoStream,
    ExpectedVersion::StreamExists,
    ExpectedVersion::Exact(es_core::Version::new(77)),
];

/// Events 1 to 3 in one append and 4 to 5 in another, with one of another stream between them, and one after.
async fn stored() -> MemoryStore {
    let store = MemoryStore::new();
    put(&store, "count-a", [1, 2, 3]).await;
    put(&store, "count-b", [10]).await;
    put(&store, "count-a", [4, 5]).await;
    put(&store, "count-a", [6]).await;
    store
}

#[tokio::test]
async fn rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again() {
    let store = stored().await;
    let before = whole_log(&store).await;
    for expected in ALL {
        for (batch, version, position) in
            [(1..=3, 3, 3), (1..=1, 1, 1), (2..=3, 3, 3), (3..=4, 4, 5), (1..=6, 6, 7), (6..=6, 6, 7)]
        {
            let again = store.append(&stream("count-a"), expected, events(batch)).await.unwrap();
            assert_eq!(again, Appended { version: v(version), position: Some(p(position)) });
        }
    }
    assert_eq!(whole_log(&store).await, before);
}

#[tokio::test]
async fn rule_16_only_ids_are_compared() {
    let store = stored().await;
    let changed = NewEvent { payload: Payload::from_static(b"changed"), ..event(6) };
    store.append(&stream("count-a"), ExpectedVersion::Any, vec![changed]).await.unwrap();
    assert_eq!(numbers(&whole_log(&store).await).last(), Some(&6));
}

#[tokio::test]
async fn rule_17_a_part_another_order_a_gap_and_another_stream_are_refused() {
    let store = stored().await;
    let before = whole_log(&store).await;
    for expected in ALL {
        for (on, batch, offender, stored_in, version) in [
            ("count-a", vec![6, 7], 6, "count-a", 6),
            ("count-a", vec![7, 6], 6, "count-a", 6),
            ("count-a", vec![2, 1], 2, "count-a", 2),
            ("count-a", vec![1, 3], 1, "count-a", 1),
            ("count-b", vec![1, 2, 3], 1, "count-a", 1),
            ("count-a", vec![3, 10], 3, "count-a", 3),
            ("count-c", vec![7, 10], 10, "count-b", 1),
        ] {
            let refused = store.append(&stream(on), expected, events(batch.clone())).await;
            let Err(AppendError::EventIdStored { stream: to, id, stored_in: at, version: found }) = refused else {
                panic!("{batch:?} to {on}: {refused:?}")
            };
            assert_eq!((to, id, at, found), (stream(on), event(offender).id, stream(stored_in), v(version)));
        }
    }
    assert_eq!(whole_log(&store).await, before);
    put(&store, "count-a", [7]).await;
}

#[tokio::test]
async fn rule_18_limits_come_first_and_an_empty_append_is_new() {
    let store = stored().await;
    let twice = store.append(&stream("count-a"), ExpectedVersion::Any, events([1, 1])).await;
    assert!(matches!(twice, Err(AppendError::DuplicateEventId { .. })), "{twice:?}");
    let empty = store.append(&stream("count-a"), ExpectedVersion::NoStream, vec![]).await;
    assert!(matches!(empty, Err(AppendError::Conflict { .. })), "{empty:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_16_many_who_send_the_same_at_once_store_it_once() {
    let store = MemoryStore::new();
    for round in 0..200 {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                let batch = events([round * 2, round * 2 + 1]);
                let expected = ExpectedVersion::Exact(v(round * 2));
                tokio::spawn(async move { store.append(&stream("count-a"), expected, batch).await })
            })
            .collect();
        for sender in senders {
            let appended = sender.await.unwrap().unwrap();
            assert_eq!(appended, Appended { version: v(round * 2 + 2), position: Some(p(round * 2 + 2)) });
        }
    }
    assert_eq!(whole_log(&store).await.len(), 400);
}

#[test]
fn the_refusal_names_both_places() {
    let error = AppendError::EventIdStored {
        stream: stream("count-b"),
        id: event(1).id,
        stored_in: stream("count-a"),
        version: v(3),
    };
    assert_eq!(
        error.to_string(),
        "append to stream `count-b` refused: the event id 00000000-0000-0000-0000-000000000001 is stored already, \
         as event 3 of stream `count-a`"
    );
}
