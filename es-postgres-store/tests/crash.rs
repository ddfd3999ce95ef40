//! The server killed under load: what was acknowledged is there, once and in order.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{event, numbers, stream};
use es_core::store::{EventStore, ReadLog};
use es_core::{ExpectedVersion, Position, Version};
use es_postgres_store::PostgresStore;
use test_servers::Postgres;
use tokio::time::sleep;

const WRITERS: u64 = 8;
const KILLS: u64 = 3;
/// How many appends are acknowledged before the server is killed.
const BETWEEN: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    let Some(mut server) = Postgres::start(&[("fsync", "on")]) else { return };
    let url = server.database();
    let store = PostgresStore::connect(&url).await.unwrap();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, acknowledged) = (store.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let id = stream(&format!("writer-{writer}"));
                let mut positions = BTreeMap::new();
                for version in 1.. {
                    let number = writer * 1_000_000 + version;
                    let expected = ExpectedVersion::Exact(Version::new(version - 1));
                    // Sent again until it is acknowledged, as a repository's caller would.
                    let appended = loop {
                        match store.append(&id, expected, vec![event(number)]).await {
                            Ok(appended) => break appended,
                            Err(es_core::store::AppendError::Store { .. }) => sleep(Duration::from_millis(20)).await,
                            Err(error) => panic!("{error}"),
                        }
                    };
                    assert_eq!(appended.version, Version::new(version));
                    positions.insert(appended.position.unwrap(), number);
                    if acknowledged.fetch_add(1, Ordering::SeqCst) >= BETWEEN * (KILLS + 1) {
                        return positions;
                    }
                }
                positions
            })
        })
        .collect();
    for kill in 1..=KILLS {
        while acknowledged.load(Ordering::SeqCst) < BETWEEN * kill {
            sleep(Duration::from_millis(5)).await;
        }
        server = tokio::task::spawn_blocking(move || {
            server.kill();
            server.restart();
            server
        })
        .await
        .unwrap();
    }
    let mut all = BTreeMap::new();
    for writer in writers {
        all.append(&mut writer.await.unwrap());
    }
    let (mut at, mut found) = (Position::START, Vec::new());
    loop {
        let page = store.read_log(ReadLog::after(at)).await.unwrap();
        found.extend(page.events.iter().map(|event| event.position).zip(numbers(&page.events)));
        at = page.through;
        if page.is_end {
            break;
        }
    }
    assert_eq!(found, all.into_iter().collect::<Vec<_>>());
}
