//! What the tests of the store share.

#![allow(dead_code, reason = "no test uses everything")]

use es_core::{EventId, EventName, Metadata, NewEvent, RecordedEvent, StreamId, Timestamp};
use es_postgres_store::tokio_postgres::{Client, NoTls};
use es_postgres_store::{PostgresError, PostgresStore};
use test_servers::Postgres;
use uuid::Uuid;

pub(crate) fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

/// The event whose id and payload are this number.
pub(crate) fn event(number: u64) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number.into())),
        name: EventName::from_static("counted"),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(1_700_000_000_000_000),
        metadata: Metadata::new(),
        payload: format!("{{\"number\":{number}}}").into(),
    }
}

/// The numbers that the events were made from.
pub(crate) fn numbers(events: &[RecordedEvent]) -> Vec<u64> {
    events.iter().map(|event| u64::try_from(event.id.as_uuid().as_u128()).unwrap()).collect()
}

/// The URL of an empty database, and a store in it; `None` if there is no PostgreSQL.
pub(crate) async fn fresh() -> Option<(String, PostgresStore)> {
    let url = Postgres::shared()?.database();
    let store = PostgresStore::connect(&url).await.unwrap();
    Some((url, store))
}

/// A connection that knows nothing of the store.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = es_postgres_store::tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The error of the store behind another.
pub(crate) fn cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e PostgresError {
    error.source().and_then(|cause| cause.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}
