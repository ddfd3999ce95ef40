//! A history: payloads with the names and versions that they were stored under, on their way into a store.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::{self, Write as _};

use es_core::store::EventStore;
use es_core::{
    Event, EventId, EventName, ExpectedVersion, IdSource, Json, Metadata, NewEvent, Payload, StreamId, Timestamp,
    UuidV7,
};
use es_memory_store::MemoryStore;
use es_testkit::given_stored;
use examples::Grouped;
use serde_json::Value;

/// Something that was stored once.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) stream: StreamId,
    pub(crate) name: &'static str,
    pub(crate) schema_version: u32,
    pub(crate) recorded_at: Timestamp,
    pub(crate) payload: Payload,
    /// Where it was found.
    pub(crate) place: String,
}

impl Stored {
    /// The payload without types.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }

    /// Checks that it reads as this event, and that so does what would be stored of the event today.
    pub(crate) fn assert_reads_as<E: Event + Clone + PartialEq + Debug>(&self, event: &E) {
        let Self { name, schema_version, recorded_at, .. } = self;
        given_stored(name, *schema_version, self.json()).recorded_at(*recorded_at).reads_as(event.clone());
        let written_today = serde_json::from_slice(&event.encode(&Json).unwrap()).unwrap();
        given_stored(E::NAME, E::VERSION, written_today).reads_as(event.clone());
    }
}

/// A store with this history, payloads as they are.
pub(crate) async fn store(history: &[Stored]) -> MemoryStore {
    let (store, ids) = (MemoryStore::new(), UuidV7::default());
    for stored in history {
        let event = NewEvent {
            id: EventId::new(ids.next_id(stored.recorded_at)),
            name: EventName::from_static(stored.name),
            schema_version: stored.schema_version,
            recorded_at: stored.recorded_at,
            metadata: Metadata::new(),
            payload: stored.payload.clone(),
        };
        store.append(&stored.stream, ExpectedVersion::Any, vec![event]).await.unwrap();
    }
    store
}

/// The payloads of each stream, in order.
pub(crate) fn by_stream(history: &[Stored]) -> BTreeMap<&str, Vec<&Stored>> {
    let mut streams = BTreeMap::<_, Vec<_>>::new();
    for stored in history {
        streams.entry(stored.stream.id()).or_default().push(stored);
    }
    streams
}

/// Says what was read, or that there was nothing to read.
pub(crate) fn report(what: &str, history: &[Stored]) {
    let mut versions = BTreeMap::<u32, u64>::new();
    for stored in history {
        *versions.entry(stored.schema_version).or_default() += 1;
    }
    let line = if versions.is_empty() {
        format!("{what}: cargo keeps none on this machine, so none was read")
    } else {
        let all = Grouped(versions.values().sum());
        let of_each = versions.iter().map(|(version, count)| format!(", {} of version {version}", Grouped(*count)));
        format!("{what}: {all} read{}", of_each.collect::<String>())
    };
    say(&line);
}

/// Prints past the test harness, which shows what is printed only if a test fails.
pub(crate) fn say(line: &str) {
    let mut terminal = io::stderr();
    writeln!(terminal, "{line}").unwrap();
}
