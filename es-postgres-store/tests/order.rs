//! The order of the log: what a reader has seen is never followed by something before it, whatever is in flight.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{client, event, fresh, numbers, stream};
use es_core::store::{EventStore, MultiAppend, MultiStreamAppend, ReadLog, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_postgres_store::PostgresStore;
use tokio::time::timeout;

const WRITERS: u64 = 24;
const EACH: u64 = 60;

/// Follows the log, each page from where the last one ended, until it has seen so many events.
async fn tail(store: PostgresStore, count: usize) -> Vec<(Position, u64)> {
    let (mut seen, mut at) = (Vec::new(), Position::START);
    while seen.len() < count {
        store.appended_after(at).await.unwrap();
        let page = store.read_log(ReadLog::after(at).limit(37)).await.unwrap();
        seen.extend(page.events.iter().map(|event| event.position).zip(numbers(&page.events)));
        at = page.through;
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn tailing_readers_miss_nothing_of_24_writers_of_every_kind() {
    let Some((url, store)) = fresh().await else { return };
    let other = PostgresStore::connect(&url).await.unwrap();
    let count = usize::try_from(WRITERS * EACH).unwrap();
    let tails: Vec<_> = [&store, &other, &store].map(|store| tokio::spawn(tail(store.clone(), count))).into();
    let writers = (0..WRITERS).map(|writer| {
        let (store, url) = (if writer % 2 == 0 { store.clone() } else { other.clone() }, url.clone());
        tokio::spawn(async move {
            let own = stream(&format!("writer-{writer}"));
            let mut client = client(&url).await;
            for at in 0..EACH / 2 {
                let first = writer * EACH + at * 2 + 1;
                let events = vec![event(first), event(first + 1)];
                match writer % 3 {
                    0 => drop(store.append(&own, ExpectedVersion::Any, events).await.unwrap()),
                    1 => {
                        let batch = MultiAppend::new().append(&own, ExpectedVersion::Any, events);
                        drop(store.append_multi(batch).await.unwrap());
                    }
                    _ => {
                        // It writes something of its own first, so that its transaction id is old; and takes its time.
                        let tx = client.transaction().await.unwrap();
                        tx.batch_execute("CREATE TEMP TABLE own (x int) ON COMMIT DROP").await.unwrap();
                        store.append_in(&tx, &own, ExpectedVersion::Any, events).await.unwrap();
                        tx.batch_execute("SELECT pg_sleep(random() * 0.01)").await.unwrap();
                        tx.commit().await.unwrap();
                    }
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut orders = Vec::new();
    for tail in tails {
        orders.push(timeout(Duration::from_secs(60), tail).await.expect("a reader has missed events").unwrap());
    }
    let mut all: Vec<u64> = orders[0].iter().map(|(_, number)| *number).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=WRITERS * EACH).collect::<Vec<_>>());
    assert!(orders[0].windows(2).all(|pair| pair[0].0 < pair[1].0), "positions increase");
    assert!(orders.iter().all(|order| *order == orders[0]), "every reader has seen the same order");
    // The two events of an append are next to each other.
    assert!(orders[0].chunks(2).all(|pair| pair[0].1 + 1 == pair[1].1 && pair[0].0.get() + 1 == pair[1].0.get()));
}

#[tokio::test]
async fn a_transaction_that_is_held_open_holds_back_what_comes_after_it_and_nothing_else() {
    let Some((url, store)) = fresh().await else { return };
    let (a, b, c) = (stream("account-a"), stream("account-b"), stream("account-c"));
    store.append(&a, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let mut user = client(&url).await;
    let tx = user.transaction().await.unwrap();
    let held = store.append_in(&tx, &b, ExpectedVersion::Any, vec![event(2)]).await.unwrap();
    // Acknowledged, and read in its stream; but not in the log, where something may still come before it.
    let after = store.append(&c, ExpectedVersion::Any, vec![event(3)]).await.unwrap();
    assert!(held.position < after.position);
    let page = store.read_log(ReadLog::all()).await.unwrap();
    assert_eq!((numbers(&page.events), page.is_end, page.head), (vec![1], true, Position::new(1)));
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.appended_after(Position::new(1)).await })
    };
    tx.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1, 2, 3]);
}

#[tokio::test]
async fn a_transaction_that_is_rolled_back_leaves_a_gap_and_is_waited_for_no_longer() {
    let Some((_, store)) = fresh().await else { return };
    let tx = store.begin().await.unwrap();
    tx.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let kept = store.append(&stream("account-b"), ExpectedVersion::Any, vec![event(2)]).await.unwrap();
    assert!(store.read_log(ReadLog::all()).await.unwrap().events.is_empty());
    tx.rollback().await.unwrap();
    let page = store.read_log(ReadLog::all()).await.unwrap();
    assert_eq!((numbers(&page.events), Some(page.head)), (vec![2], kept.position));
}

/// Only appends hold back readers: not the other transactions of the server, which a rule about transaction ids waits for.
#[tokio::test]
async fn a_long_transaction_of_somebody_else_holds_nobody_up() {
    let Some((url, store)) = fresh().await else { return };
    let other = client(&url).await;
    other.batch_execute("BEGIN; CREATE TABLE mine (x int); INSERT INTO mine VALUES (1)").await.unwrap();
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_held_stream_holds_up_no_other() {
    let Some((_, store)) = fresh().await else { return };
    let (held, free) = (stream("account-held"), stream("account-free"));
    let tx = store.begin().await.unwrap();
    tx.append(&held, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let waiting = {
        let (store, held, is_done) = (store.clone(), held.clone(), Arc::clone(&is_done));
        tokio::spawn(async move {
            let done = store.append(&held, ExpectedVersion::Any, vec![event(2)]).await;
            is_done.store(true, Ordering::SeqCst);
            done
        })
    };
    for number in 10..30 {
        store.append(&free, ExpectedVersion::Any, vec![event(number)]).await.unwrap();
    }
    assert!(!is_done.load(Ordering::SeqCst), "the stream is held");
    tx.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().version.get(), 2);
}

#[tokio::test]
async fn an_appender_that_announces_itself_late_does_not_take_the_log_back() {
    let Some((url, store)) = fresh().await else { return };
    let events = (1..=3).map(event).collect();
    store.append(&stream("account-a"), ExpectedVersion::Any, events).await.unwrap();
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().head, Position::new(3));
    // Somebody read that position 1 was the last, and is so slow that it says so only now.
    let late = client(&url).await;
    let announce = "SELECT pg_advisory_lock_shared('es.events'::regclass::oid::integer, 1)";
    late.batch_execute(announce).await.unwrap();
    let page = store.read_log(ReadLog::after(Position::new(3))).await.unwrap();
    assert_eq!((page.through, page.head), (Position::new(3), Position::new(3)));
    // It does hold back who has not seen more.
    let other = PostgresStore::connect(&url).await.unwrap();
    assert_eq!(other.read_log(ReadLog::all()).await.unwrap().head, Position::new(1));
}
