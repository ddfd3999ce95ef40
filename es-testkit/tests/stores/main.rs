//! Stores that fail on purpose, and what callers make of it.

mod chaos;
mod commands;
mod conflict;

use es_core::store::{EventStore, ReadLog};
use es_core::{Aggregate, Apply, Command, Event, EventId, EventName, Metadata, NewEvent, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "counter-increased")]
struct CounterIncreased {
    by: u32,
}

#[derive(Debug, Clone, Command)]
#[command(emits = CounterIncreased)]
struct Increase {
    by: u32,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "counter", id = String, error = std::convert::Infallible,
            events(CounterIncreased), commands(Increase))]
struct Counter {
    total: u32,
}

impl Apply<CounterIncreased> for Counter {
    fn apply(&mut self, event: CounterIncreased) {
        self.total += event.by;
    }
}

fn visits() -> StreamId {
    StreamId::new("counter", "visits").unwrap()
}

fn event(number: u128) -> NewEvent {
    NewEvent {
        id: EventId::new(Uuid::from_u128(number)),
        name: EventName::from_static("counter-increased"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: r#"{"by":1}"#.into(),
    }
}

/// The ids of all events, in log order.
async fn stored(store: &impl EventStore) -> Vec<u128> {
    let page = store.read_log(ReadLog::all()).await.unwrap();
    page.events.iter().map(|event| event.id.as_uuid().as_u128()).collect()
}
