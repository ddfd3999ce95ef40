//! The rules that only several tasks at once can break.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use es_core::store::{EventStore, MultiAppend, MultiStreamAppend, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_memory_store::MemoryStore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{events, number, p, positions, put, stream};

const SOON: Duration = Duration::from_secs(60);

/// Runs `task(0)`, `task(1)`, … at once and collects what they return.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    tasks: u64,
    task: impl Fn(u64) -> F,
) -> Vec<T> {
    let set: JoinSet<T> = (0..tasks).map(task).collect();
    timeout(SOON, set.join_all()).await.expect("the tasks did not finish")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_read_ends_at_the_head_that_it_started_with_however_fast_others_append() {
    let store = MemoryStore::new();
    put(&store, "count-a", 0..10_000).await;
    put(&store, "count-a", 10_000..20_000).await;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for number in 20_000_u64.. {
                put(&store, "count-a", [number]).await;
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..20 {
        let page = store.read_log(ReadLog::after(Position::START)).await.unwrap();
        assert_eq!((page.events.len() as u64, page.through), (page.head.get(), page.head));
        let page = store.read_stream(&stream("count-a"), ReadStream::all()).await.unwrap();
        assert_eq!(page.events.len() as u64, page.version.get());
    }
    assert!(store.read_log(ReadLog::after(p(20_000)).limit(1)).await.unwrap().head > p(20_000));
    writer.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_11_a_tailing_reader_loses_nothing_while_8_writers_append() {
    const WRITERS: u64 = 8;
    const APPENDS: u64 = 500;
    const TOTAL: u64 = WRITERS * APPENDS * 2;

    let store = MemoryStore::new();
    let reader = tokio::spawn({
        let store = store.clone();
        async move {
            let (mut seen, mut checkpoint) = (Vec::new(), Position::START);
            while (seen.len() as u64) < TOTAL {
                store.appended_after(checkpoint).await.unwrap();
                let page = store.read_log(ReadLog::after(checkpoint).limit(100)).await.unwrap();
                assert!(!page.events.is_empty(), "woken at {checkpoint}, but there was nothing");
                checkpoint = page.through;
                seen.extend(page.events);
            }
            seen
        }
    });
    at_once(WRITERS, |writer| {
        let store = store.clone();
        async move {
            for append in 0..APPENDS {
                let first = (writer * APPENDS + append) * 2;
                let batch = events([first, first + 1]);
                store.append(&stream(&format!("count-{writer}")), ExpectedVersion::Any, batch).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let seen = timeout(SOON, reader).await.expect("the reader waited for an event that is there").unwrap();

    assert_eq!(positions(&seen), (1..=TOTAL).collect::<Vec<_>>());
    let mut by_stream: HashMap<_, Vec<_>> = HashMap::new();
    for event in &seen {
        by_stream.entry(event.stream.clone()).or_default().push(number(event));
    }
    for writer in 0..WRITERS {
        let written: Vec<_> = (writer * APPENDS * 2..(writer + 1) * APPENDS * 2).collect();
        assert_eq!(by_stream[&stream(&format!("count-{writer}"))], written);
    }
}

/// Reads as long as somebody writes.
async fn beside<R: Future<Output = ()>>(writer: impl Future<Output = ()> + Send + 'static, read: impl Fn() -> R) {
    let (writer, began) = (tokio::spawn(writer), Instant::now());
    while !writer.is_finished() {
        read().await;
        assert!(began.elapsed() < SOON, "the writer did not finish");
    }
    read().await;
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_1_nobody_sees_a_part_of_a_batch() {
    const BATCH: u64 = 500;
    let store = MemoryStore::new();
    let writer = {
        let store = store.clone();
        async move {
            for batch in 0..100 {
                put(&store, "count-a", batch * BATCH..(batch + 1) * BATCH).await;
            }
        }
    };
    beside(writer, || async {
        let range = ReadLog::after(Position::START).backward().limit(1);
        assert_eq!(store.read_log(range).await.unwrap().head.get() % BATCH, 0);
        let page = store.read_stream(&stream("count-a"), ReadStream::all().backward().limit(1)).await.unwrap();
        assert_eq!(page.version.get() % BATCH, 0);
        // What a stream shows, the log has.
        assert!(
            store.read_log(ReadLog::after(Position::START).limit(1)).await.unwrap().head.get() >= page.version.get()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_30_nobody_sees_one_stream_of_a_batch_without_the_others() {
    const BATCH: u64 = 100;
    let store = MemoryStore::new();
    let (early, late) = (stream("count-early"), stream("count-late"));
    let writer = {
        let (store, streams) = (store.clone(), [early.clone(), late.clone()]);
        async move {
            for batch in 0..200 {
                let numbers = batch * 2 * BATCH..(batch * 2 + 1) * BATCH;
                let mut both = MultiAppend::new();
                for (stream, numbers) in
                    streams.iter().zip([numbers.clone(), numbers.start + BATCH..numbers.end + BATCH])
                {
                    both = both.append(stream, ExpectedVersion::Any, events(numbers));
                }
                store.append_multi(both).await.unwrap();
            }
        }
    };
    beside(writer, || async {
        let version = async |stream| store.read_stream(stream, ReadStream::all().limit(1)).await.unwrap().version;
        for (first, second) in [(&early, &late), (&late, &early)] {
            let seen = version(first).await;
            assert!(version(second).await >= seen);
        }
    })
    .await;
}
