//! A log of millions of events. It takes minutes and gigabytes, so it runs only where `LARGE_LOG` says how many:
//! `LARGE_LOG=5000000 cargo test --release -p es-postgres-store --test large -- --nocapture`.

mod common;

use std::time::Instant;

use common::{client, event, stream};
use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{EventName, ExpectedVersion, Position, Version};
use es_postgres_store::PostgresStore;
use test_servers::Postgres;

const BATCH: u64 = 10_000;
/// Of a thousand events, one is rare.
const RARE: u64 = 1_000;

/// Milliseconds for one of several calls, the median.
async fn millis(mut call: impl AsyncFnMut()) -> f64 {
    let mut times = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        call().await;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times[10]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_millions_is_appended_to_and_read_as_a_short_one_is() {
    let Some(most) = std::env::var("LARGE_LOG").ok().and_then(|most| most.parse::<u64>().ok()) else {
        return println!("skipped: a large log is made only where LARGE_LOG says how many events");
    };
    let Some(server) = Postgres::start(&[("synchronous_commit", "off"), ("max_wal_size", "4GB")]) else { return };
    let url = server.database();
    let (store, admin) = (PostgresStore::connect(&url).await.unwrap(), client(&url).await);
    let mut number = 0;
    let mut next = |name: &'static str| {
        number += 1;
        let mut event = event(number);
        event.name = EventName::from_static(name);
        event
    };
    let mut filled = 0;
    for goal in [BATCH, most] {
        let start = Instant::now();
        while filled < goal {
            let events = (0..BATCH).map(|at| next(if at % RARE == 0 { "rare" } else { "counted" })).collect();
            let id = stream(&format!("account-{}", filled / BATCH));
            let appended = store.append(&id, ExpectedVersion::NoStream, events).await.unwrap();
            assert_eq!(appended.version, Version::new(BATCH));
            filled += BATCH;
        }
        println!("{filled} events, the last of them in {:.1} s", start.elapsed().as_secs_f64());
        let writer = stream(&format!("writer-{goal}"));
        let append = millis(async || {
            store.append(&writer, ExpectedVersion::Any, vec![next("counted")]).await.unwrap();
        });
        let append = append.await;
        filled += 21;
        let middle = stream(&format!("account-{}", goal / BATCH / 2));
        let load = millis(async || {
            let page = store.read_stream(&middle, ReadStream::after(Version::new(5_000)).limit(100)).await.unwrap();
            assert_eq!(page.events.len(), 100);
        });
        let load = load.await;
        let page = millis(async || {
            let from = Position::new(goal / 2);
            assert_eq!(store.read_log(ReadLog::after(from).limit(100)).await.unwrap().events.len(), 100);
        });
        let page = page.await;
        let rare = millis(async || {
            let from = Position::new(goal / 2);
            let page = store.read_log(ReadLog::after(from).names(["rare"]).limit(5)).await.unwrap();
            assert_eq!(page.events.len(), 5);
        });
        let rare = rare.await;
        println!(
            "  append {append:.2} ms; 100 of a stream {load:.2} ms; 100 of the log {page:.2} ms; 5 rare {rare:.2} ms"
        );
    }
    let start = Instant::now();
    let (mut at, mut count) = (Position::START, 0);
    loop {
        let page = store.read_log(ReadLog::after(at)).await.unwrap();
        assert!(page.events.windows(2).all(|pair| pair[0].position < pair[1].position));
        (at, count) = (page.through, count + page.events.len() as u64);
        if page.is_end {
            break;
        }
    }
    assert_eq!(count, filled);
    println!("  the whole log in {:.1} s", start.elapsed().as_secs_f64());
    let sizes = "SELECT pg_table_size('es.events') / count(*), pg_indexes_size('es.events') / count(*) FROM es.events";
    let row = admin.query_one(sizes, &[]).await.unwrap();
    println!("  {} bytes for an event in the table, {} in indexes", row.get::<_, i64>(0), row.get::<_, i64>(1));
}
