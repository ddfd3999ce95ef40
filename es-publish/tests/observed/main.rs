//! What a publisher tells `tracing` and `metrics`: names, labels, and no ids.
#![cfg(feature = "metrics")]

mod recorder;
mod spans;

use es_core::store::{CheckpointName, EventFilter, EventStore};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Message, Outgoing, PublishError, Publisher};
use uuid::Uuid;

use crate::recorder::Recorder;
use crate::spans::Spans;

async fn store() -> MemoryStore {
    let store = MemoryStore::new();
    for (number, stream) in [(1, "account-ada"), (2, "account-bob"), (3, "account-zoe")] {
        let event = NewEvent {
            id: EventId::new(Uuid::from_u128(number)),
            name: EventName::from_static("account-opened"),
            schema_version: 1,
            recorded_at: Timestamp::from_micros(1_000_000),
            metadata: Metadata::new(),
            payload: "{}".into(),
        };
        let stream: StreamId = stream.parse().unwrap();
        store.append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    store
}

/// One message is taken, one is refused, for one the target is not available.
fn target() -> MemoryTarget {
    MemoryTarget::new().with_check(|message: &Message| match message.key.as_str() {
        "account-ada" => Ok(()),
        "account-bob" => Err(PublishError::refused("too odd")),
        _ => Err(PublishError::unavailable("down")),
    })
}

#[test]
fn each_outcome_is_counted_and_told_and_no_label_is_an_id() {
    let (recorder, spans) = (Recorder::default(), Spans::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(spans.clone(), || {
            runtime.block_on(async {
                let store = store().await;
                let outgoing = Outgoing::stored("/bank", EventFilter::all(), "application/json").unwrap();
                let name = CheckpointName::new("bank-events").unwrap();
                let publisher = Publisher::new(store.clone(), name, outgoing, target())
                    .with_clock(|| Timestamp::from_micros(3_500_000));
                publisher.catch_up(&store).await.unwrap_err();
            });
        });
    });
    let messages = |outcome| format!("es.publish.messages outcome={outcome} publisher=bank-events target=memory");
    assert_eq!(recorder.counters(), ["published", "refused", "unavailable"].map(|outcome| (messages(outcome), 1)));
    let (duration, delay) =
        ("es.publish.duration publisher=bank-events target=memory", "es.publish.delay publisher=bank-events");
    assert_eq!(recorder.samples(duration).len(), 3);
    assert_eq!(recorder.samples(delay), [2.5]);

    let span =
        |outcome| format!("es.publish publisher=bank-events target=memory type=account-opened outcome={outcome}");
    assert_eq!(spans.closed(), ["published", "refused", "unavailable"].map(span));
    let events = spans.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].contains("the target refuses the message: too odd"), "{events:?}");
    assert!(events.iter().all(|event| !event.contains("bob") && !event.contains("zoe")), "{events:?}");
}
