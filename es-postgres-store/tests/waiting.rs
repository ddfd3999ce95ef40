//! Appends that wait, and runtimes that end: neither takes the store from others.

mod common;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use common::{cause, client, event, fresh, numbers, stream};
use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{EventName, ExpectedVersion, NewEvent};
use es_postgres_store::{PostgresError, PostgresStore};
use test_servers::Postgres;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

const CONNECTIONS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn appends_that_wait_for_a_held_stream_leave_connections_for_others() {
    let Some((url, _)) = fresh().await else { return };
    let options = PostgresStore::options().connections(CONNECTIONS).connect_timeout(Duration::from_secs(5));
    let (store, watcher) = (options.connect(&url).await.unwrap(), client(&url).await);
    let (held, other) = (stream("account-held"), stream("account-other"));
    let tx = store.begin().await.unwrap();
    tx.append(&held, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let append = |number| {
        let (store, held) = (store.clone(), held.clone());
        tokio::spawn(async move { store.append(&held, ExpectedVersion::Any, vec![event(number)]).await })
    };
    let waiting: Vec<_> = (2..2 + 3 * CONNECTIONS as u64).map(append).collect();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let start = Instant::now();
    while watcher.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) < 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "the appends do not wait");
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert!(store.read_log(ReadLog::all()).await.unwrap().events.is_empty());
    }
    // The transaction itself needs one, too, for a name that is new.
    let new = NewEvent { name: EventName::from_static("renamed"), ..event(100) };
    tx.append(&other, ExpectedVersion::Any, vec![new]).await.unwrap();
    tx.commit().await.unwrap();
    for append in waiting {
        append.await.unwrap().unwrap();
    }
    let page = store.read_stream(&held, ReadStream::all()).await.unwrap();
    assert_eq!(page.events.len(), 1 + 3 * CONNECTIONS);
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_store_outlives_a_runtime_that_ended_before_it_wrote() {
    let Some(server) = Postgres::shared() else { return };
    let (first, id) = (runtime(), stream("account-a"));
    let store = first.block_on(PostgresStore::connect(&server.database())).unwrap();
    first.block_on(async {
        let mut append = pin!(store.append(&id, ExpectedVersion::Any, vec![event(1)]));
        poll_fn(|cx| {
            assert!(append.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
    });
    drop(first);
    let events = runtime().block_on(async {
        let append = store.append(&id, ExpectedVersion::Any, vec![event(2)]);
        timeout(Duration::from_secs(60), append).await.expect("nobody writes").unwrap();
        store.read_stream(&id, ReadStream::all()).await.unwrap().events
    });
    assert_eq!(numbers(&events), [2]);
}

#[tokio::test]
async fn a_call_in_a_transaction_of_the_users_own_does_not_wait_for_longer_than_the_store_may() {
    let Some((url, holder)) = fresh().await else { return };
    let short = Duration::from_millis(500);
    let store = PostgresStore::options().statement_timeout(short).connect(&url).await.unwrap();
    let (id, mut user) = (stream("account-a"), client(&url).await);
    let tx = holder.begin().await.unwrap();
    tx.append(&id, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    // The server has no time limit for it.
    let own = user.transaction().await.unwrap();
    let append = store.append_in(&own, &id, ExpectedVersion::Any, vec![event(2)]);
    let error = timeout(Duration::from_secs(60), append).await.expect("it waits for ever").unwrap_err();
    assert!(matches!(cause(&error), PostgresError::Timeout { after } if *after >= short), "{error:?}");
}
