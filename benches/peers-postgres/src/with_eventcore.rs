//! eventcore-postgres.

use std::num::NonZeroU32;

use eventcore_postgres::{MaxConnections, PostgresConfig, PostgresEventStore};
use eventcore_types::{EventStore, StreamId, StreamVersion, StreamWrites};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::subject::{Deposit, Subject, Tail};

/// An event names its stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OfStream {
    stream: StreamId,
    deposit: Deposit,
}

impl eventcore_types::Event for OfStream {
    fn stream_id(&self) -> &StreamId {
        &self.stream
    }

    fn event_type_name() -> &'static str {
        "account"
    }
}

#[derive(Clone)]
pub struct Eventcore(PostgresEventStore);

fn stream_id(stream: Uuid) -> StreamId {
    StreamId::try_new(format!("account::{stream}")).expect("a valid id")
}

impl Subject for Eventcore {
    const NAME: &'static str = "eventcore-postgres";
    const DIFFERS: &'static str = "a transaction of lock, look, setting and `INSERT`, whose trigger looks again and gives the version; several streams at once; `jsonb` through `serde_json::Value`; ordered by the ids of events, which are UUIDs by the clock of each process";

    async fn open(url: &str, connections: u32) -> Self {
        let max_connections = MaxConnections::new(NonZeroU32::new(connections).expect("there are some"));
        let config = PostgresConfig { max_connections, ..PostgresConfig::default() };
        let store = PostgresEventStore::with_config(url, config).await.expect("the server is there");
        store.migrate().await;
        Self(store)
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let stream = stream_id(stream);
        let seen = usize::try_from(tail.events).expect("no stream is that long");
        tail.events += events.len() as u64;
        let mut writes = StreamWrites::new()
            .register_stream(stream.clone(), StreamVersion::new(seen))
            .expect("the stream is registered once");
        for deposit in events {
            writes = writes.append(OfStream { stream: stream.clone(), deposit }).expect("the event is encoded");
        }
        self.0.append_events(writes).await.expect("nobody else appends");
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let mut events = self.0.read_stream::<OfStream>(stream_id(stream)).await.expect("the server answers");
        let mut sum = 0;
        while let Some(event) = events.next().await {
            sum += event.expect("the event is read").deposit.amount;
        }
        sum
    }
}
