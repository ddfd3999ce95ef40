//! A walk through the contract of stores; the conformance suite goes into the depth.

mod common;

use common::{event, fresh, numbers, stream};
use es_core::store::{
    AppendError, CheckpointName, CheckpointStore, EventStore, MultiAppend, MultiStreamAppend, ReadLog, ReadStream,
};
use es_core::{ExpectedVersion, Metadata, Payload, Position, Timestamp, Version};

/// Rules 1, 2, 3, 7, 12.
#[tokio::test]
async fn versions_are_dense_and_a_conflict_writes_nothing() {
    let (_folder, store) = fresh().await;
    let (a, ab) = (stream("account-a"), stream("account-ab"));
    assert_eq!(store.read_stream(&a, ReadStream::all()).await.unwrap().version, Version::EMPTY);
    store.append(&a, ExpectedVersion::NoStream, vec![event(1), event(2)]).await.unwrap();
    store.append(&ab, ExpectedVersion::Any, vec![event(3)]).await.unwrap();
    let conflict = store.append(&a, ExpectedVersion::Exact(Version::new(1)), vec![event(4)]).await;
    assert!(matches!(conflict, Err(AppendError::Conflict { actual, .. }) if actual == Version::new(2)));
    let appended = store.append(&a, ExpectedVersion::Exact(Version::new(2)), vec![event(4)]).await.unwrap();
    assert_eq!((appended.version, appended.position), (Version::new(3), Some(Position::new(4))));
    let page = store.read_stream(&a, ReadStream::all()).await.unwrap();
    assert_eq!(numbers(&page.events), [1, 2, 4]);
    assert!(page.is_end);
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1, 2, 3, 4]);
}

/// Rule 6, where SQLite has its own ideas about text and numbers.
#[tokio::test]
async fn what_is_given_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    let stream = stream("account-Zoë \"O'Brien\" 日本");
    let metadata = Metadata::new()
        .with_actor("ada \"the\" \\ \u{1F600}\n")
        .with_causation_id("018f4d3c-0000-7000-8000-000000000001")
        .with_correlation_id("018F4D3C-0000-7000-8000-000000000001")
        .with_traceparent("");
    let payloads: [&'static [u8]; 6] = [b"", b"{\"a\":1}", b"\0", b"a\0b", &[0xff, 0xfe], b"123"];
    let times = [i64::MIN, -1, 0, 1, 1_700_000_000_123_456, i64::MAX];
    let events: Vec<_> = (0..6)
        .map(|at| {
            let mut event = event(at as u64 + 1);
            event.payload = Payload::from_static(payloads[at]);
            event.recorded_at = Timestamp::from_micros(times[at]);
            event.schema_version = if at == 0 { u32::MAX } else { 1 };
            event.metadata = if at % 2 == 0 { metadata.clone() } else { Metadata::new() };
            event
        })
        .collect();
    store.append(&stream, ExpectedVersion::Any, events.clone()).await.unwrap();
    let page = store.read_stream(&stream, ReadStream::all()).await.unwrap();
    for (read, given) in page.events.iter().zip(&events) {
        let again = given.clone().record(stream.clone(), read.version, read.position);
        assert_eq!(*read, again);
    }
    assert_eq!(page.events.len(), 6);
}

/// Rules 15 to 18, also for ids below and above the highest that is stored.
#[tokio::test]
async fn an_append_sent_again_is_not_doubled() {
    let (_folder, store) = fresh().await;
    let stream = stream("account-a");
    let first = store.append(&stream, ExpectedVersion::NoStream, vec![event(10), event(20)]).await.unwrap();
    store.append(&stream, ExpectedVersion::Any, vec![event(5)]).await.unwrap();
    let again = store.append(&stream, ExpectedVersion::NoStream, vec![event(10), event(20)]).await.unwrap();
    assert_eq!(again, first);
    for refused in [vec![event(20), event(10)], vec![event(20), event(30)], vec![event(5), event(10)]] {
        let refused = store.append(&stream, ExpectedVersion::Any, refused).await;
        assert!(matches!(refused, Err(AppendError::EventIdStored { .. })), "{refused:?}");
    }
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [10, 20, 5]);
}

/// Rules 13 and 19 to 22: pages of filtered reads in both directions give what one read gives.
#[tokio::test]
async fn filtered_pages_join_up() {
    let (_folder, store) = fresh().await;
    for number in 1..=60 {
        let mut event = event(number as u64);
        event.name = es_core::EventName::new(["opened", "paid", "closed"][number % 3]).unwrap();
        let stream = stream(["account-a", "loan-a", "account-b", "order-1"][number % 4]);
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    let ranges = [
        ReadLog::all(),
        ReadLog::all().category("account"),
        ReadLog::all().category("loan").names(["paid", "opened"]),
        ReadLog::all().names(["closed", "missing"]),
        ReadLog::all().category("missing"),
        ReadLog::after(Position::new(7)).up_to(Position::new(41)).names(["paid"]),
    ];
    for range in ranges.iter().flat_map(|range| [range.clone(), range.clone().backward()]) {
        let all = store.read_log(ReadLog::all()).await.unwrap().events;
        let mut expected: Vec<_> = all
            .iter()
            .filter(|event| range.filter.selects(&event.stream, &event.name))
            .filter(|event| range.after < event.position && event.position <= range.up_to)
            .cloned()
            .collect();
        if range.direction == es_core::store::Direction::Backward {
            expected.reverse();
        }
        for limit in [1, 2, 7, 100] {
            let (mut rest, mut events) = (range.clone().limit(limit), Vec::new());
            loop {
                let page = store.read_log(rest.clone()).await.unwrap();
                assert!(page.events.len() <= limit && page.head == Position::new(60));
                events.extend(page.events);
                if page.is_end {
                    break;
                }
                rest = rest.resume(page.through);
            }
            assert_eq!(events, expected, "{range:?} by {limit}");
        }
    }
}

/// Rule 22: a stream that is longer than a chunk is read whole, in both directions.
#[tokio::test]
async fn long_streams_are_read_whole() {
    let (_folder, store) = fresh().await;
    let stream = stream("account-a");
    store.append(&stream, ExpectedVersion::Any, (1..=3_000).map(event).collect()).await.unwrap();
    let page = store.read_stream(&stream, ReadStream::all()).await.unwrap();
    assert_eq!(numbers(&page.events), (1..=3_000).collect::<Vec<_>>());
    let back = store.read_stream(&stream, ReadStream::all().backward().limit(2_500)).await.unwrap();
    assert_eq!(numbers(&back.events), (501..=3_000).rev().collect::<Vec<_>>());
    assert_eq!((back.through, back.is_end), (Version::new(500), false));
    let log = store.read_log(ReadLog::all().names(["counted"])).await.unwrap();
    assert_eq!((log.events.len(), log.is_end), (3_000, true));
}

/// Rules 30 to 34.
#[tokio::test]
async fn several_streams_are_appended_to_all_or_none() {
    let (_folder, store) = fresh().await;
    let (a, b, c) = (stream("account-a"), stream("account-b"), stream("account-c"));
    let batch = MultiAppend::new()
        .append(&a, ExpectedVersion::NoStream, vec![event(1)])
        .append(&b, ExpectedVersion::NoStream, vec![event(2)])
        .then(&a, vec![event(3)])
        .check(&c, ExpectedVersion::NoStream);
    let done = store.append_multi(batch.clone()).await.unwrap();
    assert_eq!((done.streams[0].version, done.position), (Version::new(2), Some(Position::new(3))));
    assert_eq!(store.append_multi(batch).await.unwrap(), done);
    let stale = MultiAppend::new()
        .append(&c, ExpectedVersion::NoStream, vec![event(4)])
        .check(&a, ExpectedVersion::Exact(Version::new(1)));
    store.append_multi(stale).await.unwrap_err();
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1, 2, 3]);
}

/// Rules 26 to 29.
#[tokio::test]
async fn checkpoints_are_compared_and_set() {
    let (_folder, store) = fresh().await;
    let (a, b) = (CheckpointName::new("a").unwrap(), CheckpointName::new("B").unwrap());
    let at = Position::new;
    assert_eq!(store.load_checkpoint(&a).await.unwrap(), None);
    store.save_checkpoint(&a, None, Position::MAX).await.unwrap();
    store.save_checkpoint(&a, None, at(7)).await.unwrap_err();
    store.save_checkpoint(&a, Some(Position::MAX), at(7)).await.unwrap_err();
    assert_eq!(store.load_checkpoint(&a).await.unwrap(), Some(Position::MAX));
    store.reset_checkpoint(&a, Some(Position::MAX), at(7)).await.unwrap();
    store.save_checkpoint(&b, None, at(1)).await.unwrap();
    assert_eq!(store.list_checkpoints().await.unwrap(), [(b, at(1)), (a.clone(), at(7))]);
    assert_eq!(store.delete_checkpoint(&a).await.unwrap(), Some(at(7)));
    assert_eq!(store.delete_checkpoint(&a).await.unwrap(), None);
}
