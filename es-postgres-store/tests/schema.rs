//! The tables: made once, kept from changes, read by people, and by users with few rights.

mod common;

use common::{cause, client, event, fresh, numbers, stream};
use es_core::store::{CheckpointName, CheckpointStore, EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Position};
use es_postgres_store::tokio_postgres::error::SqlState;
use es_postgres_store::{OpenError, PostgresError, PostgresStore, schema_sql};
use test_servers::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_may_open_an_empty_database_at_once() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PostgresStore::connect(&url).await.map(drop) })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_schema_of_another_kind_or_a_newer_version_is_refused() {
    let Some((url, store)) = fresh().await else { return };
    drop(store);
    let client = client(&url).await;
    client.batch_execute("CREATE SCHEMA shop; CREATE TABLE shop.articles (x int)").await.unwrap();
    let error = PostgresStore::options().schema("shop").connect(&url).await.unwrap_err();
    assert!(matches!(&error, OpenError::AnotherSchema { schema } if schema == "shop"), "{error}");
    client.batch_execute("INSERT INTO es.migrations (version) VALUES (1000)").await.unwrap();
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 1000, known: 3, .. }), "{error}");
    let error = PostgresStore::options().schema("missing").without_migration().connect(&url).await.unwrap_err();
    assert!(matches!(error, OpenError::OldSchema { .. }), "{error}");
    for name in ["", "Es", "1es", "es;drop", "e\"s", "é"] {
        let error = PostgresStore::options().schema(name).connect(&url).await.unwrap_err();
        assert!(matches!(error, OpenError::SchemaName { .. }), "{error}");
    }
}

#[tokio::test]
async fn stores_in_two_schemas_know_nothing_of_each_other() {
    let Some((url, store)) = fresh().await else { return };
    let other = PostgresStore::options().schema("other").connect(&url).await.unwrap();
    let id = stream("account-a");
    store.append(&id, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    let tx = store.begin().await.unwrap();
    tx.append(&id, ExpectedVersion::Any, vec![event(2)]).await.unwrap();
    other.append(&id, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    assert_eq!(numbers(&other.read_log(ReadLog::all()).await.unwrap().events), [1]);
}

#[tokio::test]
async fn events_are_neither_changed_nor_deleted() {
    let Some((url, store)) = fresh().await else { return };
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    let client = client(&url).await;
    for change in [
        "UPDATE es.events SET version = 2",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "UPDATE es.kinds SET name = 'x'",
        "DELETE FROM es.kinds",
        "TRUNCATE es.kinds",
    ] {
        let error = client.batch_execute(change).await.unwrap_err();
        assert_eq!(error.code().map(SqlState::code), Some("ESV01"), "{change}: {error}");
    }
}

#[tokio::test]
async fn ids_and_names_that_look_like_sql_are_data() {
    let Some((_, store)) = fresh().await else { return };
    let nasty =
        ["'; DROP TABLE es.events; --", "\"x\" OR 1=1", "x$1", "\\'", "{schema}", "%s", "{a,b}", "(1,2)", "NULL"];
    for (number, text) in (1..).zip(nasty) {
        let id = es_core::StreamId::new("a'; DROP", text).unwrap();
        let mut one = event(number);
        one.name = es_core::EventName::new(text).unwrap();
        one.metadata = es_core::Metadata::new().with_actor(text).with_traceparent("\0\u{1f600}");
        one.payload = text.as_bytes().iter().copied().chain([0, 255]).collect::<Vec<_>>().into();
        store.append(&id, ExpectedVersion::NoStream, vec![one.clone()]).await.unwrap();
        let page = store.read_stream(&id, ReadStream::all().names([text])).await.unwrap();
        let read = &page.events[0];
        assert_eq!((&read.name, &read.metadata, &read.payload), (&one.name, &one.metadata, &one.payload));
        let name = CheckpointName::new(text);
        if let Ok(name) = name {
            store.save_checkpoint(&name, None, Position::new(number)).await.unwrap();
            assert_eq!(store.load_checkpoint(&name).await.unwrap(), Some(Position::new(number)));
        }
    }
    let page = store.read_log(ReadLog::all().category("a'; DROP").category("a\0b")).await.unwrap();
    assert_eq!(page.events.len(), nasty.len());
}

#[tokio::test]
async fn people_read_the_log_as_json() {
    let Some((url, store)) = fresh().await else { return };
    let mut binary = event(2);
    binary.payload = vec![0xff, 0].into();
    store.append(&stream("account-a"), ExpectedVersion::Any, vec![event(7), binary]).await.unwrap();
    let client = client(&url).await;
    let rows = client
        .query(
            "SELECT category, name, recorded_at::text, (payload->>'number')::int FROM es.event_log ORDER BY position",
            &[],
        )
        .await
        .unwrap();
    let told: (String, String, Option<i32>) = (rows[0].get(0), rows[0].get(1), rows[0].get(3));
    assert_eq!(told, ("account".to_owned(), "counted".to_owned(), Some(7)));
    assert!(rows[0].get::<_, String>(2).starts_with("2023-11-14"));
    assert_eq!(rows[1].get::<_, Option<i32>>(3), None);
}

/// The SQL of `docs/postgres-roles.sql`.
#[tokio::test]
async fn a_program_needs_few_rights_and_a_reader_fewer() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let admin = client(&url).await;
    admin.batch_execute(&schema_sql("es").unwrap()).await.unwrap();
    admin.batch_execute(include_str!("../../docs/postgres-roles.sql")).await.unwrap();
    admin
        .batch_execute(
            "CREATE ROLE bank LOGIN PASSWORD 'bank' IN ROLE es_writer; CREATE ROLE report LOGIN PASSWORD 'report' IN ROLE es_reader",
        )
        .await
        .unwrap();
    let of = |user: &str| url.replace("postgres:secret", &format!("{user}:{user}"));
    let store = PostgresStore::options().without_migration().connect(&of("bank")).await.unwrap();
    let id = stream("account-a");
    store.append(&id, ExpectedVersion::NoStream, vec![event(1), event(2)]).await.unwrap();
    store.save_checkpoint(&CheckpointName::new("reader").unwrap(), None, Position::new(1)).await.unwrap();
    assert_eq!(numbers(&store.read_log(ReadLog::all()).await.unwrap().events), [1, 2]);
    let bank = client(&of("bank")).await;
    for denied in [
        "UPDATE es.events SET version = 9",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "DROP TABLE es.events",
        "ALTER TABLE es.events DISABLE TRIGGER ALL",
        "CREATE TABLE es.mine (x int)",
    ] {
        let error = bank.batch_execute(denied).await.unwrap_err();
        assert_eq!(error.code().map(SqlState::code), Some("42501"), "{denied}: {error}");
    }
    let report = PostgresStore::options().without_migration().connect(&of("report")).await.unwrap();
    assert_eq!(numbers(&report.read_log(ReadLog::all().names(["counted"])).await.unwrap().events), [1, 2]);
    let error = report.append(&id, ExpectedVersion::Any, vec![event(3)]).await.unwrap_err();
    assert!(matches!(cause(&error), PostgresError::Denied { .. }), "{error:?}");
}
