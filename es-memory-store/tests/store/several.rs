//! Rules 30 to 34: appends to several streams.

use es_core::store::{
    AppendError, EventStore, Limits, MultiAppend, MultiAppendError, MultiStreamAppend, StreamAppended, Violation,
};
use es_core::{ExpectedVersion, NewEvent, Payload, Position, StreamId};
use es_memory_store::MemoryStore;

use crate::{event, events, numbers, p, put, stream, v, versions, whole_log, whole_stream};

use ExpectedVersion::{Any, Exact, NoStream, StreamExists};

fn a() -> StreamId {
    stream("count-a")
}

fn b() -> StreamId {
    stream("count-b")
}

fn appended(stream: StreamId, version: u64, position: Option<u64>) -> StreamAppended {
    StreamAppended { stream, version: v(version), position: position.map(Position::new) }
}

#[tokio::test]
async fn rules_30_and_34_streams_interleave_in_the_log_as_given() {
    let store = MemoryStore::new();
    put(&store, "count-b", [1]).await;
    let batch = MultiAppend::new()
        .append(&a(), NoStream, events([2]))
        .append(&b(), Exact(v(1)), events([3]))
        .then(&a(), events([4]))
        .then(&b(), events([5]))
        .then(&a(), events([6]));
    let done = store.append_multi(batch).await.unwrap();
    assert_eq!(done.streams, [appended(a(), 3, Some(6)), appended(b(), 3, Some(5))]);
    assert_eq!(done.position, Some(p(6)));
    assert_eq!(numbers(&whole_log(&store).await), [1, 2, 3, 4, 5, 6]);
    let (of_a, of_b) = (whole_stream(&store, "count-a").await, whole_stream(&store, "count-b").await);
    assert_eq!((numbers(&of_a), versions(&of_a)), (vec![2, 4, 6], vec![1, 2, 3]));
    assert_eq!((numbers(&of_b), versions(&of_b)), (vec![1, 3, 5], vec![1, 2, 3]));
}

#[tokio::test]
async fn rule_32_every_violation_is_listed_and_nothing_is_written() {
    let store = MemoryStore::new();
    put(&store, "count-b", [1, 2]).await;
    put(&store, "count-c", [3]).await;
    let before = whole_log(&store).await;
    let batch = MultiAppend::new()
        .append(&a(), StreamExists, events([10]))
        .append(&b(), Exact(v(2)), events([11]))
        .check(&stream("count-c"), NoStream)
        .check(&stream("count-d"), NoStream)
        .check(&stream("count-e"), Exact(v(4)));
    let Err(error @ MultiAppendError::Conflict { .. }) = store.append_multi(batch).await else { panic!("not refused") };
    assert_eq!(
        error.to_string(),
        "conflict on stream `count-a`: expected an existing stream, but it is at version 0; \
         stream `count-c`: expected no stream, but it is at version 1; \
         stream `count-e`: expected version 4, but it is at version 0"
    );
    let MultiAppendError::Conflict { violations } = error else { unreachable!() };
    assert_eq!(violations[1], Violation { stream: stream("count-c"), expected: NoStream, actual: v(1) });
    assert_eq!(whole_log(&store).await, before);
    assert_eq!(format!("{store:?}"), "MemoryStore { streams: 2, head: Position(3), .. }");
}

#[tokio::test]
async fn rule_32_checks_that_hold_write_and_create_nothing() {
    let store = MemoryStore::new();
    put(&store, "count-b", [1]).await;
    let batch =
        MultiAppend::new().append(&a(), Any, events([2])).check(&b(), Exact(v(1))).check(&stream("count-c"), NoStream);
    let done = store.append_multi(batch).await.unwrap();
    assert_eq!(done.streams, [appended(a(), 1, Some(2))]);
    assert_eq!(format!("{store:?}"), "MemoryStore { streams: 2, head: Position(2), .. }");
}

#[tokio::test]
async fn rule_32_without_events_everything_expected_is_checked() {
    let store = MemoryStore::new();
    put(&store, "count-b", [1]).await;
    let batch = |expected| MultiAppend::new().append(&a(), NoStream, vec![]).append(&b(), expected, vec![]);
    let done = store.append_multi(batch(Exact(v(1)))).await.unwrap();
    assert_eq!((done.streams, done.position), (vec![appended(a(), 0, None), appended(b(), 1, None)], None));
    store.append_multi(batch(NoStream)).await.unwrap_err();
    assert_eq!(store.append_multi(MultiAppend::new()).await.unwrap().streams, []);
}

#[tokio::test]
async fn rule_31_what_makes_no_sense_is_refused() {
    let store = MemoryStore::with_limits(Limits { batch_events: 3, payload_bytes: 2 });
    let refused = async |batch: MultiAppend| store.append_multi(batch).await.unwrap_err();
    let one = || MultiAppend::new().append(&a(), Any, events([1]));
    for batch in [
        one().append(&a(), Any, vec![]),
        one().check(&a(), NoStream),
        one().check(&b(), NoStream).check(&b(), NoStream),
    ] {
        assert!(matches!(refused(batch).await, MultiAppendError::StreamTwice { .. }));
    }
    assert!(matches!(refused(one().check(&b(), Any)).await, MultiAppendError::CheckOfAny { stream } if stream == b()));
    let unknown = refused(one().then(&b(), events([2]))).await;
    assert!(matches!(unknown, MultiAppendError::NotAppendedTo { stream } if stream == b()));
    let checked = refused(one().check(&b(), NoStream).then(&b(), events([2]))).await;
    assert!(matches!(checked, MultiAppendError::NotAppendedTo { stream } if stream == b()));

    let twice = refused(one().append(&b(), Any, events([2, 1]))).await;
    let MultiAppendError::Refused(AppendError::DuplicateEventId { stream, id }) = twice else { panic!("{twice:?}") };
    assert_eq!((stream, id), (b(), event(1).id));
    let many = refused(one().append(&b(), Any, events([2, 3, 4]))).await;
    assert!(matches!(many, MultiAppendError::Refused(AppendError::LimitExceeded { actual: 4, limit: 3, .. })));
    let large = NewEvent { payload: Payload::from_static(b"123"), ..event(2) };
    let large = refused(one().append(&b(), Any, vec![large])).await;
    let MultiAppendError::Refused(AppendError::LimitExceeded { stream, actual: 3, .. }) = large else {
        panic!("{large:?}")
    };
    assert_eq!((stream, whole_log(&store).await), (b(), vec![]));
}

#[tokio::test]
async fn rule_33_what_is_sent_again_has_its_first_outcome_and_all_else_is_refused() {
    let store = MemoryStore::new();
    let batch = |to_a: &[u64], to_b: &[u64]| {
        let (to_a, to_b) = (events(to_a.iter().copied()), events(to_b.iter().copied()));
        MultiAppend::new().append(&a(), NoStream, to_a).append(&b(), NoStream, to_b).check(&stream("count-c"), NoStream)
    };
    let first = store.append_multi(batch(&[1, 2], &[3])).await.unwrap();
    put(&store, "count-a", [9]).await;
    put(&store, "count-c", [10]).await;
    let before = whole_log(&store).await;
    assert_eq!(store.append_multi(batch(&[1, 2], &[3])).await.unwrap(), first);
    for (to_a, to_b) in
        [(&[1, 2][..], &[3, 4][..]), (&[1], &[3, 2]), (&[2, 1], &[3]), (&[3], &[1]), (&[1, 9], &[3]), (&[4], &[3])]
    {
        let refused = store.append_multi(batch(to_a, to_b)).await;
        assert!(
            matches!(refused, Err(MultiAppendError::Refused(AppendError::EventIdStored { .. }))),
            "{to_a:?} {to_b:?} {refused:?}"
        );
    }
    let turned = MultiAppend::new().append(&b(), Any, events([3])).append(&a(), Any, events([1]));
    assert!(matches!(store.append_multi(turned).await, Err(MultiAppendError::Refused(_))));
    assert_eq!(whole_log(&store).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_30_rivals_over_two_streams_in_either_order_leave_both_at_one_version() {
    let store = MemoryStore::new();
    let rivals: Vec<_> = (0..8_u64)
        .map(|rival| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut won = 0;
                for round in 0..100 {
                    let (x, y) = if rival % 2 == 0 { (a(), b()) } else { (b(), a()) };
                    let number = 2 * (rival * 100 + round);
                    let batch = MultiAppend::new().append(&x, Exact(v(round)), events([number])).append(
                        &y,
                        Exact(v(round)),
                        events([number + 1]),
                    );
                    won += u64::from(store.append_multi(batch).await.is_ok());
                    while store.read_stream(&a(), es_core::store::ReadStream::all().limit(0)).await.unwrap().version
                        <= v(round)
                    {
                        tokio::task::yield_now().await;
                    }
                }
                won
            })
        })
        .collect();
    let mut won = 0;
    for rival in rivals {
        won += rival.await.unwrap();
    }
    assert_eq!(won, 100);
    assert_eq!((whole_stream(&store, "count-a").await.len(), whole_stream(&store, "count-b").await.len()), (100, 100));
}
