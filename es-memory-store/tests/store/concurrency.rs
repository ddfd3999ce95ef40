//! The rules that only several tasks at once can break.

use std::collections::HashMap;
use std::time::Duration;

use es_core::store::{AppendError, EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_memory_store::MemoryStore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::{event, events, number, p, positions, put, stream, v, versions, whole_log, whole_stream};

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
async fn rule_3_of_many_appends_that_expect_one_version_exactly_one_wins() {
    let store = MemoryStore::new();
    for round in 0..100 {
        let results = at_once(16, |task| {
            let store = store.clone();
            async move {
                let expected = ExpectedVersion::Exact(v(round));
                store.append(&stream("count-a"), expected, vec![event(round * 16 + task)]).await
            }
        })
        .await;
        let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        for error in lost {
            assert!(matches!(error, Err(AppendError::Conflict { actual, .. }) if actual == v(round + 1)));
        }
    }
    assert_eq!(whole_log(&store).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_2_appends_of_many_tasks_to_one_new_stream_get_dense_versions() {
    let store = MemoryStore::new();
    let mut got = at_once(64, |task| {
        let store = store.clone();
        async move { put(&store, "count-a", [task]).await.version.get() }
    })
    .await;
    got.sort_unstable();
    assert_eq!(got, (1..=64).collect::<Vec<_>>());
    let stored = whole_stream(&store, "count-a").await;
    assert_eq!(versions(&stored), got);
    let mut written: Vec<_> = stored.iter().map(number).collect();
    written.sort_unstable();
    assert_eq!(written, (0..64).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_3_appends_to_different_streams_never_conflict() {
    let store = MemoryStore::new();
    at_once(32, |task| {
        let store = store.clone();
        async move {
            let stream = stream(&format!("count-{task}"));
            for round in 0..50 {
                let event = event(task * 50 + round);
                store.append(&stream, ExpectedVersion::Exact(v(round)), vec![event]).await.unwrap();
            }
        }
    })
    .await;
    assert_eq!(positions(&whole_log(&store).await), (1..=32 * 50).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_10_batches_of_different_tasks_are_not_interleaved() {
    let store = MemoryStore::new();
    at_once(8, |task| {
        let store = store.clone();
        async move {
            for batch in 0..40 {
                let first = (task * 40 + batch) * 7;
                let appended = put(&store, &format!("count-{}", batch % 5), first..first + 7).await;
                assert!(appended.position.unwrap() >= p(7));
            }
        }
    })
    .await;
    let log = whole_log(&store).await;
    assert_eq!(log.len(), 8 * 40 * 7);
    for batch in log.chunks(7) {
        let first = number(&batch[0]);
        assert_eq!(first % 7, 0);
        assert_eq!(batch.iter().map(number).collect::<Vec<_>>(), (first..first + 7).collect::<Vec<_>>());
        assert!(batch.iter().all(|event| event.stream == batch[0].stream));
        assert!(batch.windows(2).all(|pair| pair[0].version.next() == pair[1].version));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rule_1_a_reader_sees_all_of_a_batch_or_none_of_it() {
    let store = MemoryStore::new();
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for batch in 0..200 {
                put(&store, "count-a", batch * 50..batch * 50 + 50).await;
            }
        }
    });
    timeout(SOON, async {
        loop {
            let page = store.read_stream(&stream("count-a"), ReadStream::all()).await.unwrap();
            assert_eq!(page.version.get() % 50, 0);
            assert_eq!(page.events.len() as u64, page.version.get());
            let page = store.read_log(ReadLog::after(Position::START)).await.unwrap();
            assert_eq!((page.head.get() % 50, page.through), (0, page.head));
            assert_eq!(page.events.len() as u64, page.head.get());
            if page.head == p(200 * 50) {
                break;
            }
        }
    })
    .await
    .expect("the reader did not get to the end");
    writer.await.unwrap();
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
