//! Reads with a filter while somebody appends the first event of a name: nothing is skipped, and nothing else is returned.

mod common;

use std::time::{Duration, Instant};

use common::{client, event, fresh, numbers, stream};
use es_core::store::{EventStore, ReadStream, StreamPage};
use es_core::{EventName, ExpectedVersion, NewEvent, Version};
use es_postgres_store::PostgresStore;

fn closed(number: u64) -> NewEvent {
    NewEvent { name: EventName::from_static("closed"), ..event(number) }
}

/// Reads a stream of one event while the first event of another name is appended to it: the page, and what another read
/// after it returns.
async fn read_meanwhile(url: &str, store: &PostgresStore, range: ReadStream) -> (StreamPage, StreamPage) {
    let id = stream("account-a");
    store.append(&id, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    // The reader gets no farther than to the table of events, until the event is committed together with its lock.
    let (mut user, other) = (client(url).await, PostgresStore::connect(url).await.unwrap());
    let tx = user.transaction().await.unwrap();
    tx.batch_execute("LOCK TABLE es.events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let reading = {
        let (store, id, range) = (store.clone(), id.clone(), range.clone());
        tokio::spawn(async move { store.read_stream(&id, range).await.unwrap() })
    };
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'es.events'::regclass AND NOT granted";
    let start = Instant::now();
    while tx.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "the reader does not wait");
        tokio::task::yield_now().await;
    }
    other.append_in(&tx, &id, ExpectedVersion::Exact(Version::new(1)), vec![closed(2)]).await.unwrap();
    tx.commit().await.unwrap();
    let page = reading.await.unwrap();
    let rest = store.read_stream(&id, ReadStream { after: page.through, ..range }).await.unwrap();
    (page, rest)
}

#[tokio::test]
async fn the_first_event_of_a_name_that_is_selected_is_not_skipped() {
    let Some((url, store)) = fresh().await else { return };
    let (page, rest) = read_meanwhile(&url, &store, ReadStream::all().names(["closed"])).await;
    let found = [numbers(&page.events), numbers(&rest.events)].concat();
    assert_eq!(found, [2], "read through {:?}", page.through);
}

#[tokio::test]
async fn the_first_event_of_a_name_that_is_not_selected_is_not_returned() {
    let Some((url, store)) = fresh().await else { return };
    let (page, rest) = read_meanwhile(&url, &store, ReadStream::all().names(["counted"])).await;
    assert_eq!(numbers(&page.events), [1]);
    assert!(rest.events.is_empty(), "{:?}", rest.events);
}
