//! From a file to every other kind of store, and nothing but positions differs.

use es_core::copy::CopyError;
use es_core::store::{EventStore, ReadLog};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, RecordedEvent, StreamId, Timestamp};
use uuid::Uuid;

use crate::copy;

/// A store with everything that can be in one: several streams, appends of several events, metadata, any bytes.
async fn fill(url: &str, from: u64, to: u64) {
    let store = es::connect(url).await.unwrap();
    for number in (from..to).step_by(3) {
        let id = ["ada", "zoë", "a/b c"][usize::try_from(number / 3 % 3).unwrap()];
        let stream = StreamId::new(if number % 2 == 0 { "account" } else { "order" }, id).unwrap();
        let event = |number: u64| NewEvent {
            id: EventId::new(Uuid::from_u128(number.into())),
            name: EventName::from_static(if number.is_multiple_of(5) { "closed" } else { "opened" }),
            schema_version: 1 + u32::try_from(number % 3).unwrap(),
            recorded_at: Timestamp::from_micros(1_700_000_000_000_000 - i64::try_from(number).unwrap()),
            metadata: match number % 3 {
                0 => Metadata::new(),
                1 => Metadata::new().with_actor("Zoë\0").with_causation_id("cause"),
                _ => Metadata::new().with_correlation_id("").with_traceparent("00-aa-bb-01"),
            },
            payload: if number.is_multiple_of(7) {
                vec![0, 255, 10, 13].into()
            } else {
                format!(r#"{{"n":{number}}}"#).into_bytes().into()
            },
        };
        let events = (number..number + 3).map(event).collect();
        store.append(&stream, ExpectedVersion::Any, events).await.unwrap();
    }
}

/// The whole log, without positions.
async fn log(url: &str) -> Vec<RecordedEvent> {
    let store = es::connect(url).await.unwrap();
    let (mut events, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.read_log(ReadLog::after(after).limit(100)).await.unwrap();
        events.extend(page.events);
        after = page.through;
        if page.is_end {
            return events.into_iter().map(|event| RecordedEvent { position: Position::START, ..event }).collect();
        }
    }
}

async fn is_copied_to(target: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("sqlite:{}", folder.path().join("source.db").display());
    fill(&source, 1, 301).await;
    let mut shown = Vec::new();
    let first = copy(&source, target, |now| shown.push(now.read)).await.unwrap();
    assert_eq!((first.written, first.present, first.checksum.events), (300, 0, 300));
    assert_eq!(shown.last(), Some(&300));
    assert_eq!(log(target).await, log(&source).await);

    // The program went on meanwhile.
    fill(&source, 301, 331).await;
    let second = copy(&source, target, |_| ()).await.unwrap();
    assert_eq!((second.written, second.present, second.checksum.events), (30, 300, 330));
    assert_ne!(second.checksum, first.checksum);
    assert_eq!(log(target).await, log(&source).await);
}

#[tokio::test]
async fn a_file_is_copied_into_memory() {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("sqlite:{}", folder.path().join("source.db").display());
    fill(&source, 1, 301).await;
    let report = copy(&source, "memory:", |_| ()).await.unwrap();
    assert_eq!((report.read, report.written, report.checksum.events), (300, 300, 300));
}

#[tokio::test]
async fn a_file_is_copied_into_another() {
    let folder = tempfile::tempdir().unwrap();
    is_copied_to(&format!("sqlite:{}", folder.path().join("target.db").display())).await;
}

#[tokio::test]
async fn a_file_is_copied_into_postgresql() {
    let Some(server) = test_servers::Postgres::shared() else { return };
    is_copied_to(&server.database()).await;
}

#[tokio::test]
async fn a_file_is_copied_into_jetstream() {
    let Some(server) = test_servers::Nats::shared() else { return };
    is_copied_to(&format!("{}/copied", server.url())).await;
}

#[tokio::test]
async fn a_target_that_holds_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [source, target] =
        ["source.db", "target.db"].map(|name| format!("sqlite:{}", folder.path().join(name).display()));
    fill(&source, 1, 31).await;
    fill(&target, 31, 34).await;
    let error = copy(&source, &target, |_| ()).await.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(CopyError::Diverged { .. })), "{error}");
    assert_eq!(log(&target).await.len(), 3);
}
