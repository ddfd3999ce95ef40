//! es-postgres-store.

use es_core::store::{EventStore, ReadStream};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp, Version};
use es_postgres_store::PostgresStore;
use uuid::Uuid;

use crate::subject::{Deposit, Fact, Subject, Tail};

#[derive(Clone)]
pub struct Es(PostgresStore);

fn stream_id(stream: Uuid) -> StreamId {
    StreamId::new("account", stream).expect("a UUID is an id")
}

impl Subject for Es {
    const NAME: &'static str = "**es-postgres-store**";
    const DIFFERS: &'static str = "one function call checks ids and version, takes the position and writes; appends that wait together are one commit; positions in the order that readers see";

    async fn open(url: &str, connections: u32) -> Self {
        let connections = connections as usize - 1; // One more writes.
        Self(PostgresStore::options().connections(connections).connect(url).await.expect("the server is there"))
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let new: Vec<_> = events
            .into_iter()
            .map(|event| NewEvent {
                id: EventId::new(Uuid::now_v7()),
                name: EventName::from_static("deposited"),
                schema_version: 1,
                recorded_at: Timestamp::from_micros(1_700_000_000_000_000),
                metadata: Metadata::new(),
                payload: serde_json::to_vec(&Fact::Deposited(event)).expect("it is JSON").into(),
            })
            .collect();
        let expected = ExpectedVersion::Exact(Version::new(tail.events));
        let appended = self.0.append(&stream_id(stream), expected, new).await.expect("nobody else appends");
        tail.events = appended.version.get();
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let (stream, mut sum, mut seen) = (stream_id(stream), 0, Version::EMPTY);
        loop {
            let page = self.0.read_stream(&stream, ReadStream::after(seen)).await.expect("the server answers");
            for event in &page.events {
                let Fact::Deposited(deposit) = serde_json::from_slice(&event.payload).expect("it is JSON");
                (sum, seen) = (sum + deposit.amount, event.version);
            }
            if page.events.is_empty() || seen == page.version {
                return sum;
            }
        }
    }
}
