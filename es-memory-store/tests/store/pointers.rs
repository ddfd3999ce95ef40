//! The store works as itself and behind every pointer that a program passes stores around in.

use std::sync::Arc;

use es_core::store::{AppendError, EventStore, ReadLog, ReadStream, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_memory_store::MemoryStore;

use crate::{event, stream, v};

/// Calls every method once; generic, so that `S` itself must implement the traits.
async fn uses<S: EventStore>(store: S) {
    let id = stream("count-a");
    let appended = store.append(&id, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    assert_eq!(appended.version, v(1));
    let again = store.append(&id, ExpectedVersion::NoStream, vec![event(2)]).await;
    assert!(matches!(again, Err(AppendError::Conflict { .. })));
    assert_eq!(store.read_stream(&id, ReadStream::all()).await.unwrap().events.len(), 1);
    assert_eq!(store.read_log(ReadLog::after(Position::START)).await.unwrap().events.len(), 1);
    assert_eq!(store.limits().batch_events, 10_000);
}

async fn also_waits<S: Subscribe>(store: S) {
    uses(&store).await;
    store.appended_after(Position::START).await.unwrap();
}

#[tokio::test]
async fn the_store_works_as_a_concrete_type() {
    also_waits(MemoryStore::new()).await;
    also_waits(&MemoryStore::new()).await;
}

#[tokio::test]
async fn the_store_works_as_an_arc_of_the_concrete_type() {
    also_waits(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn the_store_works_as_a_boxed_trait_object() {
    uses::<Box<dyn EventStore>>(Box::new(MemoryStore::new())).await;
    also_waits::<Box<dyn Subscribe>>(Box::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn the_store_works_as_a_shared_trait_object() {
    uses::<Arc<dyn EventStore>>(Arc::new(MemoryStore::new())).await;
    also_waits::<Arc<dyn Subscribe>>(Arc::new(MemoryStore::new())).await;
}

#[test]
fn the_store_can_be_sent_and_shared_between_threads() {
    fn is<T: Clone + Default + Send + Sync + std::fmt::Debug + 'static>() {}
    is::<MemoryStore>();
}
