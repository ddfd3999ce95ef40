//! Rule 4, and what handles are.

use es_core::ExpectedVersion;
use es_core::store::{AppendError, Appended, EventStore};
use es_memory_store::MemoryStore;

use crate::{numbers, put, stream, v, whole_log};

#[tokio::test]
async fn rule_4_an_empty_append_writes_nothing_and_creates_no_stream() {
    let store = MemoryStore::new();
    let nothing = store.append(&stream("count-a"), ExpectedVersion::NoStream, vec![]).await.unwrap();
    assert_eq!(nothing, Appended { version: v(0), position: None });
    let exists = store.append(&stream("count-a"), ExpectedVersion::StreamExists, vec![]).await;
    assert!(matches!(exists, Err(AppendError::Conflict { .. })), "{exists:?}");
    assert_eq!(format!("{store:?}"), "MemoryStore { streams: 0, head: Position(0), .. }");
}

#[tokio::test]
async fn a_clone_is_another_handle_to_the_same_events_and_a_new_store_is_empty() {
    let store = MemoryStore::default();
    put(&store.clone(), "count-a", [1]).await;
    assert_eq!(numbers(&whole_log(&store).await), [1]);
    assert_eq!(whole_log(&MemoryStore::default()).await, []);
}
