//! Rules 7 to 13: what a reader sees.

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Version};
use es_memory_store::MemoryStore;

use crate::{events, numbers, p, positions, put, stream, v, versions, whole_log};

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
