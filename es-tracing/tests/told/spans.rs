//! The spans, their fields, and what is said inside them.

use std::sync::Arc;

use es_core::store::{
    AppendError, CheckpointName, CheckpointStore, EventStore, Limits, MultiAppend, MultiStreamAppend, ReadLog,
    ReadStream, Snapshot, SnapshotStore, Subscribe,
};
use es_core::{ExpectedVersion, Fingerprint, Position, Timestamp, Version};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use es_tracing::TracingStore;
use tracing::Level;
use tracing::subscriber::set_default;

use crate::hearing::Hearing;
use crate::{event, secret};

#[tokio::test]
async fn every_call_is_one_span_with_what_it_did() {
    let hearing = Hearing::default();
    let _guard = set_default(hearing.clone());
    let store = TracingStore::new(MemoryStore::new());
    let opened = vec![event(1, "opened"), event(2, "opened")];
    store.append(&secret(), ExpectedVersion::NoStream, opened).await.unwrap();
    store.read_stream(&secret(), ReadStream::all()).await.unwrap();
    store.read_log(ReadLog::after(Position::new(1))).await.unwrap();
    store.appended_after(Position::new(1)).await.unwrap();
    let batch = MultiAppend::new().append(&secret(), ExpectedVersion::StreamExists, vec![event(3, "closed")]);
    store.append_multi(batch).await.unwrap();
    let name = CheckpointName::new("balances").unwrap();
    store.save_checkpoint(&name, None, Position::new(2)).await.unwrap();
    store.load_checkpoint(&name).await.unwrap();
    store.reset_checkpoint(&name, Some(Position::new(2)), Position::new(1)).await.unwrap();
    store.list_checkpoints().await.unwrap();
    store.delete_checkpoint(&name).await.unwrap();

    let heard: Vec<_> = hearing.spans().iter().map(|span| (span.name.clone(), span.level, span.fields())).collect();
    let span = |name: &str, level, fields: &str| (name.to_owned(), level, fields.to_owned());
    assert_eq!(
        heard,
        [
            span(
                "es.append",
                Level::INFO,
                "category=account events=2 expected=no stream outcome=ok position=2 version=2"
            ),
            span("es.read_stream", Level::DEBUG, "after=0 category=account events=2 outcome=ok version=2"),
            span("es.read_log", Level::DEBUG, "after=1 events=1 head=2 outcome=ok through=2"),
            span("es.appended_after", Level::TRACE, "after=1 outcome=ok"),
            span("es.append_multi", Level::INFO, "checks=0 events=1 outcome=ok position=3 streams=1"),
            span("es.save_checkpoint", Level::DEBUG, "checkpoint=balances outcome=ok position=2"),
            span("es.load_checkpoint", Level::DEBUG, "checkpoint=balances outcome=ok position=2"),
            span("es.reset_checkpoint", Level::DEBUG, "checkpoint=balances outcome=ok position=1"),
            span("es.list_checkpoints", Level::DEBUG, "outcome=ok"),
            span("es.delete_checkpoint", Level::DEBUG, "checkpoint=balances outcome=ok position=1"),
        ]
    );
    assert!(hearing.spans().iter().all(|span| span.messages.is_empty()));
}

#[tokio::test]
async fn a_conflict_a_refusal_and_a_failure_are_told_apart() {
    let small = Limits { batch_events: 1, payload_bytes: 100 };
    let chaos = ChaosStore::new(MemoryStore::with_limits(small), 1).on(Operation::Append, 3, Fault::Before);
    let store = TracingStore::new(chaos);
    let cases = [
        (vec![event(1, "opened")], "conflict", Level::DEBUG, "the stream is not as expected"),
        (vec![event(1, "opened"), event(2, "opened")], "refused", Level::WARN, "more than the store accepts"),
        (
            vec![event(1, "opened")],
            "failed",
            Level::ERROR,
            "the store failed: append 3 failed on purpose, before it was done",
        ),
    ];
    for (events, outcome, level, message) in cases {
        let hearing = Hearing::default();
        let _guard = set_default(hearing.clone());
        store.append(&secret(), ExpectedVersion::StreamExists, events).await.unwrap_err();
        let span = hearing.span("es.append");
        assert_eq!(span.fields["outcome"], outcome);
        assert_eq!(span.messages, [(level, message.to_owned())]);
        assert!(!format!("{span:?}").contains("ada@"), "{span:?}");
    }
}

#[tokio::test]
async fn snapshots_are_told_without_the_id_of_their_stream() {
    let hearing = Hearing::default();
    let _guard = set_default(hearing.clone());
    let chaos = ChaosStore::new(MemoryStore::new(), 1).on(Operation::SaveSnapshot, 2, Fault::Before);
    let store = TracingStore::new(chaos);
    let snapshot = Snapshot {
        stream: secret(),
        version: Version::new(1),
        position: Position::new(1),
        event_id: event(1, "opened").id,
        recorded_at: Timestamp::UNIX_EPOCH,
        latest_at: Timestamp::UNIX_EPOCH,
        fingerprint: Fingerprint::of(["account"]),
        payload: "{}".into(),
        taken_at: Timestamp::UNIX_EPOCH,
    };
    store.save_snapshot(snapshot.clone()).await.unwrap();
    let found = store.load_snapshot(&secret(), snapshot.fingerprint, Version::MAX).await.unwrap();
    assert_eq!(found.as_ref(), Some(&snapshot));
    store.delete_snapshots(&secret()).await.unwrap();
    store.save_snapshot(snapshot).await.unwrap_err();

    let spans = hearing.spans();
    let heard: Vec<_> = spans.iter().map(|span| (&*span.name, span.level, span.fields())).collect();
    let span = |name, outcome: &str| (name, Level::DEBUG, format!("category=account outcome={outcome}"));
    assert_eq!(
        heard,
        [
            span("es.save_snapshot", "ok"),
            span("es.load_snapshot", "ok"),
            span("es.delete_snapshots", "ok"),
            span("es.save_snapshot", "failed"),
        ]
    );
    let [(level, message)] = &spans[3].messages[..] else { panic!("{:?}", spans[3]) };
    assert_eq!(*level, Level::ERROR);
    assert!(message.starts_with("the store failed at snapshots: "), "{message}");
    assert!(!format!("{spans:?}").contains("ada@"), "{spans:?}");
}

#[tokio::test]
async fn the_ids_of_streams_are_told_only_if_asked_for() {
    let hearing = Hearing::default();
    let _guard = set_default(hearing.clone());
    let store = TracingStore::new(MemoryStore::new()).with_stream_ids();
    store.append(&secret(), ExpectedVersion::StreamExists, vec![]).await.unwrap_err();
    let span = hearing.span("es.append");
    assert_eq!(span.fields["stream"], "account-ada@example.org");
    let message = "conflict on stream `account-ada@example.org`: expected an existing stream, but it is at version 0";
    assert_eq!(span.messages, [(Level::DEBUG, message.to_owned())]);
}

#[tokio::test]
async fn what_the_store_below_does_happens_inside_the_span() {
    let hearing = Hearing::default();
    let _guard = set_default(hearing.clone());
    let driver = |_, _| async { tracing::info!(target: "es", "from the driver") };
    let store = TracingStore::new(ChaosStore::new(MemoryStore::new(), 1).delay(driver));
    store.read_log(ReadLog::all()).await.unwrap();
    assert_eq!(hearing.span("es.read_log").messages, [(Level::INFO, "from the driver".to_owned())]);
}

#[tokio::test]
async fn a_call_that_is_dropped_has_no_outcome() {
    let hearing = Hearing::default();
    let _guard = set_default(hearing.clone());
    let store = TracingStore::new(MemoryStore::new());
    let waiting = store.appended_after(Position::START);
    assert!(tokio::select! { biased; _ = waiting => false, () = std::future::ready(()) => true });
    assert_eq!(hearing.span("es.appended_after").fields(), "after=0");
}

#[tokio::test]
async fn it_is_a_store_like_the_one_below() {
    let store: Arc<dyn EventStore> = Arc::new(TracingStore::new(MemoryStore::new()));
    let appended = store.append(&secret(), ExpectedVersion::NoStream, vec![event(1, "opened")]).await.unwrap();
    let again = store.append(&secret(), ExpectedVersion::NoStream, vec![event(1, "opened")]).await.unwrap();
    assert_eq!(appended, again);
    let conflict = store.append(&secret(), ExpectedVersion::NoStream, vec![event(2, "opened")]).await;
    assert!(matches!(conflict, Err(AppendError::Conflict { .. })));
    assert_eq!(store.limits(), MemoryStore::new().limits());
}
