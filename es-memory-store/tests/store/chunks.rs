//! Reads that are copied in several chunks: they are one read to the caller.

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_memory_store::MemoryStore;

use crate::{numbers, p, put, stream, v, versions};

/// Reads pages to the end.
async fn pages(store: &MemoryStore, mut range: ReadLog) -> Vec<u64> {
    let mut seen = vec![];
    loop {
        let page = store.read_log(range.clone()).await.unwrap();
        seen.extend(numbers(&page.events));
        if page.is_end {
            return seen;
        }
        let rest = range.clone().resume(page.through);
        assert!(rest != range, "stuck at {range:?}");
        range = rest;
    }
}

#[tokio::test]
async fn rule_20_a_stream_is_read_backward_in_pages_of_every_size() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=3000).await;
    for limit in [1, 7, 1023, 1024, 1025, 4000] {
        let mut range = ReadStream::after(v(5)).up_to(v(2990)).backward().limit(limit);
        let mut seen = vec![];
        loop {
            let page = store.read_stream(&stream("count-a"), range.clone()).await.unwrap();
            seen.extend(versions(&page.events));
            if page.is_end {
                assert_eq!((page.through, page.version), (v(5), v(3000)));
                break;
            }
            assert_eq!(page.through.get(), seen.last().unwrap() - 1);
            range = range.resume(page.through);
        }
        assert_eq!(seen, (6..=2990).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn rule_13_a_page_that_finds_nothing_in_a_long_log_still_advances() {
    let store = MemoryStore::new();
    for batch in 0..20 {
        put(&store, "count-a", batch * 10_000 + 1..=(batch + 1) * 10_000).await;
    }
    put(&store, "rare-a", [777_777]).await;
    let first = store.read_log(ReadLog::all().category("rare")).await.unwrap();
    assert_eq!((first.events.len(), first.is_end), (0, false));
    assert!(first.through > p(0) && first.head == p(200_001));
    assert_eq!(pages(&store, ReadLog::all().category("rare").limit(1)).await, [777_777]);
    assert_eq!(pages(&store, ReadLog::all().category("rare").backward()).await, [777_777]);
    assert_eq!(pages(&store, ReadLog::all().names(["missing"])).await, [0; 0]);
}
