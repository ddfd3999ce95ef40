//! cqrs-es, on its `MemStore` and on a repository that keeps JSON text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::mem_store::{MemStore, MemStoreAggregateContext};
use cqrs_es::persist::{
    EventStoreAggregateContext, EventUpcaster, PersistedEventRepository, PersistedEventStore, PersistenceError,
    QueryReplay, ReplayStream, SemanticVersionEventUpcaster, SerializedEvent, SerializedSnapshot,
};
use cqrs_es::{AggregateContext, CqrsFramework, DomainEvent, EventEnvelope, EventStore, Query};
use serde_json::Value;

use crate::domain::{Account, AccountError, Balances, Fact, MoneyDepositedV1, Order};
use crate::peer::Peer;

impl DomainEvent for Fact {
    fn event_type(&self) -> String {
        match self {
            Self::Opened(_) => "Opened".to_owned(),
            Self::Deposited(_) => "Deposited".to_owned(),
            Self::Withdrawn(_) => "Withdrawn".to_owned(),
            Self::Closed(_) => "Closed".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        match self {
            Self::Deposited(_) => "3.0".to_owned(),
            _ => "1.0".to_owned(),
        }
    }
}

impl cqrs_es::Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Order;
    type Event = Fact;
    type Error = AccountError;
    type Services = ();

    async fn handle(&mut self, command: Order, (): &(), sink: &EventSink<Self>) -> Result<(), AccountError> {
        let fact = self.decide(command)?;
        sink.write(fact, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Fact) {
        self.take_in(event);
    }
}

/// On its `MemStore`.
#[derive(Clone)]
pub(crate) struct InMemory {
    store: MemStore<Account>,
    framework: Arc<CqrsFramework<Account, MemStore<Account>>>,
}

impl Peer for InMemory {
    fn new() -> Self {
        let store = MemStore::default();
        Self { framework: Arc::new(CqrsFramework::new(store.clone(), vec![], ())), store }
    }

    async fn execute(&self, id: &str, order: Order) {
        self.framework.execute(id, order).await.expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        self.store.load_aggregate(id).await.expect("the stream is read").aggregate().balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let context = MemStoreAggregateContext {
            aggregate_id: id.to_owned(),
            aggregate: Account::default(),
            current_sequence: seen,
        };
        self.store.commit(facts, context, HashMap::new()).await.expect("nobody else appends");
    }
}

struct Row {
    id: Arc<str>,
    sequence: usize,
    event_type: String,
    event_version: String,
    payload: Vec<u8>,
    metadata: Vec<u8>,
}

#[derive(Default)]
struct Rows {
    log: Vec<Row>,
    streams: HashMap<Arc<str>, Vec<usize>>,
    snapshots: HashMap<String, (Vec<u8>, usize, usize)>,
}

/// The shortest repository that keeps text.
#[derive(Clone, Default)]
struct Texts(Arc<RwLock<Rows>>);

impl Row {
    fn read(&self) -> Result<SerializedEvent, PersistenceError> {
        Ok(SerializedEvent::new(
            self.id.to_string(),
            self.sequence,
            "account".to_owned(),
            self.event_type.clone(),
            self.event_version.clone(),
            serde_json::from_slice(&self.payload)?,
            serde_json::from_slice(&self.metadata)?,
        ))
    }
}

impl Texts {
    fn add(&self, event: &SerializedEvent) -> Result<(), PersistenceError> {
        let mut rows = self.0.write().expect("nobody panics");
        let rows = &mut *rows;
        if !rows.streams.contains_key(event.aggregate_id.as_str()) {
            rows.streams.insert(event.aggregate_id.as_str().into(), Vec::new());
        }
        let (id, _) = rows.streams.get_key_value(event.aggregate_id.as_str()).expect("it is there now");
        let id = Arc::clone(id);
        let places = rows.streams.get_mut(&id).expect("it is there now");
        if places.len() + 1 != event.sequence {
            return Err(PersistenceError::OptimisticLockError);
        }
        places.push(rows.log.len());
        rows.log.push(Row {
            id,
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            payload: serde_json::to_vec(&event.payload)?,
            metadata: serde_json::to_vec(&event.metadata)?,
        });
        Ok(())
    }

    fn read(&self, id: &str, after: usize) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let rows = self.0.read().expect("nobody panics");
        let places = rows.streams.get(id).map_or(&[][..], |places| &places[after..]);
        places.iter().map(|&place| rows.log[place].read()).collect()
    }
}

impl PersistedEventRepository for Texts {
    async fn get_events<A: cqrs_es::Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.read(id, 0)
    }

    async fn get_last_events<A: cqrs_es::Aggregate>(
        &self,
        id: &str,
        last: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.read(id, last)
    }

    async fn get_snapshot<A: cqrs_es::Aggregate>(
        &self,
        id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        let rows = self.0.read().expect("nobody panics");
        let Some((bytes, current_sequence, current_snapshot)) = rows.snapshots.get(id) else { return Ok(None) };
        Ok(Some(SerializedSnapshot {
            aggregate_id: id.to_owned(),
            aggregate: serde_json::from_slice(bytes)?,
            current_sequence: *current_sequence,
            current_snapshot: *current_snapshot,
        }))
    }

    async fn persist<A: cqrs_es::Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        for event in events {
            self.add(event)?;
        }
        if let (Some((id, state, snapshot)), Some(last)) = (snapshot, events.last()) {
            let bytes = serde_json::to_vec(&state)?;
            self.0.write().expect("nobody panics").snapshots.insert(id, (bytes, last.sequence, snapshot));
        }
        Ok(())
    }

    async fn stream_events<A: cqrs_es::Aggregate>(&self, id: &str) -> Result<ReplayStream, PersistenceError> {
        let (mut feed, stream) = ReplayStream::new(1_000);
        let events = self.read(id, 0)?;
        tokio::spawn(async move {
            for event in events {
                if feed.push(Ok(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok(stream)
    }

    async fn stream_all_events<A: cqrs_es::Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (mut feed, stream) = ReplayStream::new(1_000);
        let texts = self.clone();
        tokio::spawn(async move {
            let mut at = 0;
            loop {
                let page: Vec<_> = {
                    let rows = texts.0.read().expect("nobody panics");
                    rows.log[at..].iter().take(1_000).map(Row::read).collect()
                };
                if page.is_empty() {
                    return;
                }
                at += page.len();
                for event in page {
                    if feed.push(event).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(stream)
    }
}

fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    let renamed = |mut event: Value| {
        if let Some(fields) = event["Deposited"].as_object_mut()
            && let Some(amount) = fields.remove("amt")
        {
            fields.insert("amount".to_owned(), amount);
        }
        event
    };
    let added = |mut event: Value| {
        event["Deposited"]["currency"] = "EUR".into();
        event
    };
    vec![
        Box::new(SemanticVersionEventUpcaster::new("Deposited", "2.0", Box::new(renamed))),
        Box::new(SemanticVersionEventUpcaster::new("Deposited", "3.0", Box::new(added))),
    ]
}

/// On [`Texts`].
#[derive(Clone)]
pub(crate) struct Persisted {
    texts: Texts,
    store: Arc<PersistedEventStore<Texts, Account>>,
    framework: Arc<CqrsFramework<Account, PersistedEventStore<Texts, Account>>>,
}

impl Persisted {
    fn over(store: impl Fn(Texts) -> PersistedEventStore<Texts, Account>) -> Self {
        let texts = Texts::default();
        let store = || store(texts.clone()).with_upcasters(upcasters());
        Self {
            store: Arc::new(store()),
            framework: Arc::new(CqrsFramework::new(store(), vec![], ())),
            texts: texts.clone(),
        }
    }
}

struct Summing(Arc<Mutex<Balances>>);

#[async_trait]
impl Query<Account> for Summing {
    async fn dispatch(&self, id: &str, events: &[EventEnvelope<Account>]) {
        let mut balances = self.0.lock().expect("nobody panics");
        events.iter().for_each(|event| balances.take_in(id, &event.payload));
    }
}

impl Peer for Persisted {
    fn new() -> Self {
        Self::over(PersistedEventStore::new_event_store)
    }

    async fn execute(&self, id: &str, order: Order) {
        self.framework.execute(id, order).await.expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        self.store.load_aggregate(id).await.expect("the stream is read").aggregate().balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let context = EventStoreAggregateContext {
            aggregate_id: id.to_owned(),
            aggregate: Account::default(),
            current_sequence: seen,
            current_snapshot: None,
        };
        self.store.commit(facts, context, HashMap::new()).await.expect("nobody else appends");
    }

    async fn append_old(&self, id: &str, deposits: Vec<MoneyDepositedV1>) -> bool {
        let seen = self.texts.0.read().expect("nobody panics").streams.get(id).map_or(0, Vec::len);
        for (index, deposit) in deposits.into_iter().enumerate() {
            let payload = serde_json::json!({ "Deposited": deposit });
            let event = SerializedEvent::new(
                id.to_owned(),
                seen + index + 1,
                "account".to_owned(),
                "Deposited".to_owned(),
                "1.0".to_owned(),
                payload,
                serde_json::json!({}),
            );
            self.texts.add(&event).expect("nobody else appends");
        }
        true
    }

    async fn project(&self) -> Option<u64> {
        let balances = Arc::<Mutex<Balances>>::default();
        let replay = QueryReplay::new(self.texts.clone(), Summing(Arc::clone(&balances))).with_upcasters(upcasters());
        replay.replay_all().await.expect("the log is read");
        let total = balances.lock().expect("nobody panics").total();
        Some(total)
    }
}
