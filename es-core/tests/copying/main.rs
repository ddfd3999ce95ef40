//! Copying a store through a transform: what is written, how it goes on after every interruption, and what it notices.

mod changing;
mod faulty;
mod resuming;
mod verifying;

use std::error::Error;

use es_core::store::{EventStore, ReadLog};
use es_core::{
    EventId, EventName, Events, ExpectedVersion, Metadata, NewEvent, Position, RecordedEvent, StreamId, Timestamp,
};
use es_memory_store::MemoryStore;

type Transformed = Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>>;

fn stream(text: &str) -> StreamId {
    text.parse().unwrap()
}

fn p(position: u64) -> Position {
    Position::new(position)
}

fn event(number: u64, name: &str) -> NewEvent {
    let metadata = Metadata::new().with_causation_id(format!("command {number}"));
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(u128::from(number) << 80 | 7 << 76 | 2 << 62 | 1)),
        name: EventName::new(name).unwrap(),
        schema_version: u32::try_from(number % 3).unwrap() + 1,
        recorded_at: Timestamp::from_micros(i64::try_from(number).unwrap() - 5),
        metadata: if number.is_multiple_of(2) { metadata } else { metadata.with_actor("ada").with_traceparent("00-1") },
        payload: format!("payload {number}").into_bytes().into(),
    }
}

/// Orders that are placed, paid together with a note, printed and sent, one beginning while the others go on.
async fn orders(count: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let mut number = 0;
    for round in 0..count + 3 {
        for order in 0..count {
            let names: &[&str] = match round.checked_sub(order) {
                Some(0) => &["order-placed"],
                Some(1) => &["order-paid", "order-noted"],
                Some(2) => &["order-printed"],
                Some(3) => &["order-sent"],
                _ => continue,
            };
            let numbered = names.iter().map(|name| {
                number += 1;
                event(number, name)
            });
            let events = numbered.collect();
            store.append(&stream(&format!("order-{order}")), ExpectedVersion::Any, events).await.unwrap();
        }
    }
    store
}

async fn log<S: EventStore + ?Sized>(store: &S) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::after(Position::START)).await.unwrap().events
}

/// Whatever can be done to an event: dropped, kept, changed, split, and moved to a stream of its own or to one of many.
fn changed(event: RecordedEvent) -> Transformed {
    Ok(match event.name.as_str() {
        "order-printed" => Events::none(),
        "order-noted" => {
            let (name, payload) = (EventName::from_static("note-taken"), b"changed"[..].into());
            Events::one(RecordedEvent { name, payload, schema_version: 9, stream: stream("note-all"), ..event })
        }
        "order-sent" => {
            let parcel = StreamId::new("parcel", event.stream.id())?;
            let packed =
                RecordedEvent { name: EventName::from_static("parcel-packed"), stream: parcel, ..event.clone() };
            let sent = RecordedEvent { name: EventName::from_static("parcel-sent"), ..packed.clone() };
            vec![packed, event, sent].into()
        }
        _ => Events::one(event),
    })
}

#[allow(clippy::unnecessary_wraps, reason = "it is a transform")]
fn same(event: RecordedEvent) -> Transformed {
    Ok(Events::one(event))
}
