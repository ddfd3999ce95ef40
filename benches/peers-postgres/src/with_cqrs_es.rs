//! cqrs-es on postgres-es.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventStoreAggregateContext, PersistedEventStore};
use cqrs_es::{DomainEvent, EventStore};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::subject::{Deposit, Fact, Subject, Tail};

/// The tables of its own script.
const TABLES: &str = "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL,
        sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL,
        payload json NOT NULL, metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

impl DomainEvent for Fact {
    fn event_type(&self) -> String {
        "Deposited".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Account(u64);

#[derive(Debug)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("never")
    }
}

impl std::error::Error for Never {}

impl cqrs_es::Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Fact;
    type Event = Fact;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, command: Fact, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(command, self).await;
        Ok(())
    }

    fn apply(&mut self, Fact::Deposited(deposit): Fact) {
        self.0 += deposit.amount;
    }
}

#[derive(Clone)]
pub struct CqrsEs(Arc<PersistedEventStore<PostgresEventRepository, Account>>);

impl Subject for CqrsEs {
    const NAME: &'static str = "postgres-es (cqrs-es)";
    const DIFFERS: &'static str = "a transaction of one `INSERT` for each event; no position, so no log across streams; ids of events are none; `json` through `serde_json::Value`";

    async fn open(url: &str, connections: u32) -> Self {
        let pool = PgPoolOptions::new().max_connections(connections).connect(url).await.expect("the server is there");
        sqlx::query(TABLES).execute(&pool).await.expect("the table is made");
        Self(Arc::new(PersistedEventStore::new_event_store(PostgresEventRepository::new(pool))))
    }

    async fn append(&self, stream: Uuid, tail: &mut Tail, events: Vec<Deposit>) -> u64 {
        let seen = usize::try_from(tail.events).expect("no stream is that long");
        tail.events += events.len() as u64;
        let context = EventStoreAggregateContext {
            aggregate_id: stream.to_string(),
            aggregate: Account::default(),
            current_sequence: seen,
            current_snapshot: None,
        };
        let facts = events.into_iter().map(Fact::Deposited).collect();
        self.0.commit(facts, context, HashMap::new()).await.expect("nobody else appends");
        0
    }

    async fn load(&self, stream: Uuid) -> u64 {
        let events = self.0.load_events(&stream.to_string()).await.expect("the server answers");
        let amount = |Fact::Deposited(deposit): &Fact| deposit.amount;
        events.iter().map(|event| amount(&event.payload)).sum()
    }
}
