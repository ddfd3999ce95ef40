//! What URLs lead to, and what their errors tell.

use std::error::Error;

use es::ConnectError;
#[cfg(any(feature = "memory", feature = "nats", feature = "postgres", feature = "sqlite"))]
use es::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp,
    store::{EventStore, MultiAppend, MultiStreamAppend, Subscribe},
};

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
use es::{
    Position, Store,
    store::{CheckpointName, CheckpointStore, ReadLog},
};

#[cfg(any(feature = "memory", feature = "nats", feature = "postgres", feature = "sqlite"))]
fn event(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(number)),
        name: EventName::from_static("opened"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: "{}".into(),
    }
}

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
async fn uses_everything(store: &Store) {
    let stream = StreamId::new("account", "ada").unwrap();
    store.append(&stream, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    let batch = MultiAppend::new().append(&stream, ExpectedVersion::StreamExists, vec![event(2)]);
    assert_eq!(store.append_multi(batch).await.unwrap().position, Some(Position::new(2)));
    store.appended_after(Position::new(1)).await.unwrap();
    let name = CheckpointName::new("reader").unwrap();
    store.save_checkpoint(&name, None, Position::new(2)).await.unwrap();
    assert_eq!(store.clone().read_log(ReadLog::all()).await.unwrap().events.len(), 2);
}

async fn refused(url: &str) -> ConnectError {
    es::connect(url).await.expect_err(url)
}

/// The message with its causes.
fn told(error: &ConnectError) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn memory_is_a_new_store_each_time_with_every_capability() {
    for url in ["memory:", "memory://", "MEMORY:"] {
        uses_everything(&es::connect(url).await.unwrap()).await;
    }
    assert!(matches!(refused("memory:here").await, ConnectError::Malformed { scheme: "memory", .. }));
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_is_a_file_that_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.db");
    uses_everything(&es::connect(&format!("sqlite:{}", path.display())).await.unwrap()).await;
    let again = es::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    assert_eq!(again.read_log(ReadLog::all()).await.unwrap().head, Position::new(2));
    for malformed in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite:bank.db?mode=ro"] {
        assert!(matches!(refused(malformed).await, ConnectError::Malformed { scheme: "sqlite", .. }), "{malformed}");
    }
    let error = refused(&format!("sqlite:{}", folder.path().display())).await;
    assert!(matches!(&error, ConnectError::Open { scheme: "sqlite", .. }), "{error}");
    assert!(told(&error).contains(&folder.path().display().to_string()), "{}", told(&error));
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_is_a_schema_that_remembers() {
    let Some(server) = test_servers::Postgres::shared() else { return };
    let url = server.database();
    uses_everything(&es::connect(&url).await.unwrap()).await;
    let again = es::connect(&url.replacen("postgres:", "postgresql:", 1)).await.unwrap();
    assert_eq!(again.read_log(ReadLog::all()).await.unwrap().head, Position::new(2));
    assert!(matches!(refused("postgres://[").await, ConnectError::Malformed { scheme: "postgres", .. }));
    let error = refused(&url.replace("postgres:secret@", "nobody:hunter2@")).await;
    assert!(matches!(&error, ConnectError::Open { scheme: "postgres", .. }), "{error}");
    assert!(told(&error).contains("check user name and password"), "{}", told(&error));
    assert!(!format!("{} {error:?}", told(&error)).contains("hunter2"), "{error:?}");
}

#[cfg(feature = "nats")]
#[tokio::test]
async fn nats_is_a_store_by_name_in_jetstream() {
    use es::store::ReadStream;

    let Some(server) = test_servers::Nats::shared() else { return };
    let store = es::connect(&format!("{}/bank", server.url())).await.unwrap();
    let stream = StreamId::new("account", "ada").unwrap();
    let appended = store.append(&stream, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    let batch = MultiAppend::new().append(&stream, ExpectedVersion::StreamExists, vec![event(2)]);
    store.append_multi(batch).await.unwrap();
    store.appended_after(appended.position.unwrap()).await.unwrap();
    let again = es::connect(&format!("NATS://127.0.0.1:{}/bank", server.port())).await.unwrap();
    assert_eq!(again.read_stream(&stream, ReadStream::all()).await.unwrap().events.len(), 2);
    let other = es::connect(&server.url()).await.unwrap();
    assert!(!other.read_stream(&stream, ReadStream::all()).await.unwrap().exists());
    for malformed in ["nats:", "nats://", "nats:bank", "nats://localhost/a/b", "nats://localhost?x=1", "tls:///bank"] {
        assert!(matches!(refused(malformed).await, ConnectError::Malformed { .. }), "{malformed}");
    }
    let error = refused(&format!("{}/b.a", server.url())).await;
    assert!(matches!(&error, ConnectError::Open { scheme: "nats", .. }), "{error}");
}

#[cfg(not(feature = "nats"))]
#[tokio::test]
async fn nats_needs_its_feature() {
    for url in ["nats://localhost", "tls://localhost"] {
        assert!(matches!(refused(url).await, ConnectError::NotBuilt { feature: "nats", .. }), "{url}");
    }
}

#[cfg(not(feature = "sqlite"))]
#[tokio::test]
async fn a_scheme_that_another_build_has_names_the_feature() {
    let error = refused("sqlite:bank.db").await;
    assert!(matches!(error, ConnectError::NotBuilt { scheme: "sqlite", feature: "sqlite" }));
    assert!(error.to_string().contains("enable the feature `sqlite` of the crate `es`"), "{error}");
}

#[tokio::test]
async fn a_wrong_url_is_told_what_there_is() {
    assert!(matches!(refused("mysql://db").await, ConnectError::UnknownScheme { scheme } if scheme == "mysql"));
    for url in ["", "bank.db", ":memory:", "/var/bank.db", "1:2", "a b:c"] {
        assert!(matches!(refused(url).await, ConnectError::NoScheme), "{url}");
    }
    for url in ["mysql://db", "bank.db"] {
        let message = refused(url).await.to_string();
        for (built, form) in [
            (cfg!(feature = "memory"), "`memory:`"),
            (cfg!(feature = "postgres"), "`postgres://…`"),
            (cfg!(feature = "sqlite"), "`sqlite:PATH`"),
        ] {
            let (known, others) = message.split_once(", and ").unwrap_or((&message, ""));
            assert_eq!((known.contains(form), others.contains(form)), (built, !built), "{message}");
        }
    }
}

#[tokio::test]
async fn no_error_tells_a_password() {
    for url in [
        "mysql://ada:hunter2@db/bank",
        "postgres://hunter2@127.0.0.1:1/db",
        "postgres://hunter2@127.0.0.1:1:2/db",
        "postgres://ada:hunter2@127.0.0.1:1/db?sslmode=hunter2",
        "hunter2",
        "hunter2@db:5432",
        "memory://ada:hunter2@db",
        "sqlite://ada:bank.db?key=hunter2",
        "sqlite://?key=hunter2",
        "nats://ada:hunter2@localhost:x",
        "nats://ada:hunter2@localhost/a/b",
        "nats://ada:hunter2@127.0.0.1:1",
    ] {
        let error = refused(url).await;
        let all = format!("{} {error:?}", told(&error));
        assert!(!all.contains("hunter2"), "{url}: {all}");
    }
}
