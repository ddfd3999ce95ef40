//! Rules 7 to 13: what a reader sees.

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Position, Version};
use es_memory_store::MemoryStore;

use crate::{events, numbers, p, positions, put, stream, v, versions, whole_log, whole_stream};

const NONE: [u64; 0] = [];

#[tokio::test]
async fn rule_7_a_missing_stream_reads_as_empty_and_is_not_created_by_it() {
    let store = MemoryStore::new();
    put(&store, "count-a", [1]).await;
    let page = store.read_stream(&stream("count-b"), ReadStream::all()).await.unwrap();
    assert_eq!((page.events, page.version), (vec![], Version::EMPTY));
    assert_eq!(format!("{store:?}"), "MemoryStore { streams: 1, head: Position(1), .. }");
    store.append(&stream("count-b"), ExpectedVersion::NoStream, events([2])).await.unwrap();
}

#[tokio::test]
async fn rule_7_an_empty_log_reads_as_empty_with_head_start() {
    let page = MemoryStore::new().read_log(ReadLog::after(Position::START)).await.unwrap();
    assert_eq!((page.events, page.through, page.head), (vec![], Position::START, Position::START));
}

#[tokio::test]
async fn rule_8_a_stream_is_read_in_version_order_and_the_log_in_position_order() {
    let store = MemoryStore::new();
    for number in 1..=3000 {
        put(&store, if number % 2 == 0 { "count-a" } else { "count-b" }, [number]).await;
    }
    assert_eq!(positions(&whole_log(&store).await), (1..=3000).collect::<Vec<_>>());
    let odd = whole_stream(&store, "count-b").await;
    assert_eq!(versions(&odd), (1..=1500).collect::<Vec<_>>());
    assert_eq!(numbers(&odd), (1..=3000).step_by(2).collect::<Vec<_>>());
}

#[tokio::test]
async fn rule_9_a_range_of_a_stream_excludes_after_and_includes_up_to() {
    let store = MemoryStore::new();
    put(&store, "count-other", [90]).await;
    put(&store, "count-a", 1..=5).await;
    let read = async |range| {
        let page = store.read_stream(&stream("count-a"), range).await.unwrap();
        assert_eq!(page.version, v(5));
        versions(&page.events)
    };
    assert_eq!(read(ReadStream::all()).await, [1, 2, 3, 4, 5]);
    assert_eq!(read(ReadStream::after(v(2))).await, [3, 4, 5]);
    assert_eq!(read(ReadStream::after(v(2)).up_to(v(4))).await, [3, 4]);
    assert_eq!(read(ReadStream::all().up_to(v(1))).await, [1]);
    assert_eq!(read(ReadStream::after(v(1)).limit(2)).await, [2, 3]);
    assert_eq!(read(ReadStream::after(v(1)).up_to(v(2)).limit(2)).await, [2]);
    assert_eq!(read(ReadStream::all().limit(0)).await, NONE);
    assert_eq!(read(ReadStream::after(v(5))).await, NONE);
    assert_eq!(read(ReadStream::after(v(4)).up_to(v(2))).await, NONE);
    assert_eq!(read(ReadStream::after(Version::MAX)).await, NONE);
}

#[tokio::test]
async fn rule_9_a_range_of_the_log_excludes_after_and_goes_through_what_it_returned() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=5).await;
    let read = async |range| {
        let page = store.read_log(range).await.unwrap();
        assert_eq!(page.head, p(5));
        (positions(&page.events), page.through.get())
    };
    assert_eq!(read(ReadLog::after(p(0))).await, (vec![1, 2, 3, 4, 5], 5));
    assert_eq!(read(ReadLog::after(p(1)).limit(2)).await, (vec![2, 3], 3));
    assert_eq!(read(ReadLog::after(p(2)).limit(0)).await, (vec![], 2));
    assert_eq!(read(ReadLog::after(p(5))).await, (vec![], 5));
    assert_eq!(read(ReadLog::after(p(8))).await, (vec![], 8));
}

#[tokio::test]
async fn rule_9_a_limit_counts_events_also_where_a_read_is_copied_in_several_chunks() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=5000).await;
    for (after, limit) in [(0, 1023), (0, 1024), (0, 1025), (0, 2048), (7, 2049), (4000, 1000), (4000, 1001), (0, 5000)]
    {
        let expected: Vec<_> = (after + 1..=5000).take(limit).collect();
        let page = store.read_log(ReadLog::after(p(after)).limit(limit)).await.unwrap();
        assert_eq!(positions(&page.events), expected, "{limit} after {after}");
        assert_eq!(page.through.get(), after + expected.len() as u64);
        let page = store.read_stream(&stream("count-a"), ReadStream::after(v(after)).limit(limit)).await.unwrap();
        assert_eq!(versions(&page.events), expected, "{limit} after {after}");
    }
    let range = ReadStream::after(v(100)).up_to(v(2300));
    let page = store.read_stream(&stream("count-a"), range).await.unwrap();
    assert_eq!(versions(&page.events), (101..=2300).collect::<Vec<_>>());
}

#[tokio::test]
async fn rule_10_positions_start_above_0_and_those_of_one_append_are_next_to_each_other() {
    let store = MemoryStore::new();
    assert_eq!(put(&store, "count-a", [1]).await.position, Some(p(1)));
    assert_eq!(put(&store, "count-b", [2, 3]).await.position, Some(p(3)));
    assert_eq!(put(&store, "count-a", [4, 5]).await.position, Some(p(5)));
    assert_eq!(numbers(&whole_log(&store).await), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn rule_11_a_reader_that_pages_on_from_where_it_stopped_sees_every_event_once() {
    let store = MemoryStore::new();
    let (mut seen, mut through) = (vec![], Position::START);
    for round in 0..50 {
        put(&store, "count-a", round * 3..round * 3 + 3).await;
        let page = store.read_log(ReadLog::after(through).limit(2)).await.unwrap();
        through = page.through;
        seen.extend(numbers(&page.events));
    }
    seen.extend(numbers(&store.read_log(ReadLog::after(through)).await.unwrap().events));
    assert_eq!(seen, (0..150).collect::<Vec<_>>());
}

#[tokio::test]
async fn rule_12_streams_are_told_apart_by_their_whole_id() {
    let store = MemoryStore::new();
    let names =
        ["account-a", "account-ab", "account-A", "account-a ", "accoun-ta", "account-a-b", "account-%", "account-ä"];
    for (number, name) in (1..).zip(names) {
        put(&store, name, [number]).await;
    }
    for (number, name) in (1..).zip(names) {
        let stored = whole_stream(&store, name).await;
        assert_eq!((numbers(&stored), stored[0].stream.as_str()), (vec![number], name));
    }
}

#[tokio::test]
async fn rule_13_a_page_of_a_stream_goes_through_what_it_returned() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=5).await;
    let read = async |text: &str, range| {
        let page = store.read_stream(&stream(text), range).await.unwrap();
        (versions(&page.events), page.through.get())
    };
    assert_eq!(read("count-a", ReadStream::all()).await, (vec![1, 2, 3, 4, 5], 5));
    assert_eq!(read("count-a", ReadStream::after(v(1)).limit(2)).await, (vec![2, 3], 3));
    assert_eq!(read("count-a", ReadStream::after(v(1)).up_to(v(4))).await, (vec![2, 3, 4], 4));
    assert_eq!(read("count-a", ReadStream::after(v(2)).limit(0)).await, (vec![], 2));
    assert_eq!(read("count-a", ReadStream::after(v(5))).await, (vec![], 5));
    assert_eq!(read("count-a", ReadStream::after(v(8))).await, (vec![], 8));
    assert_eq!(read("count-a", ReadStream::after(v(4)).up_to(v(2))).await, (vec![], 4));
    assert_eq!(read("count-b", ReadStream::all()).await, (vec![], 0));
    assert_eq!(read("count-b", ReadStream::after(v(3))).await, (vec![], 3));
}

#[tokio::test]
async fn rule_13_a_reader_that_goes_on_after_through_sees_a_stream_once() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=3000).await;
    for limit in [1, 7, 1023, 1024, 1025, 4000] {
        let (mut seen, mut through) = (vec![], Version::EMPTY);
        while through < v(3000) {
            let page = store.read_stream(&stream("count-a"), ReadStream::after(through).limit(limit)).await.unwrap();
            assert!(page.through > through);
            through = page.through;
            seen.extend(versions(&page.events));
        }
        assert_eq!(seen, (1..=3000).collect::<Vec<_>>());
    }
}
