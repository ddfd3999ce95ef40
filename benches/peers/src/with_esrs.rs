//! esrs, on the shortest store that its traits allow, which keeps JSON text as its own does.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use esrs::AggregateState;
use esrs::event::Upcaster;
use esrs::manager::AggregateManager;
use esrs::store::{EventStore, EventStoreLockGuard, StoreEvent, UnlockOnDrop};
use uuid::Uuid;

use crate::domain::{Account, AccountError, Fact, MoneyDeposited, MoneyDepositedV1, MoneyDepositedV2, Order};
use crate::peer::Peer;

struct Accounts;

impl esrs::Aggregate for Accounts {
    const NAME: &'static str = "account";
    type State = Account;
    type Command = Order;
    type Event = Fact;
    type Error = AccountError;

    fn handle_command(state: &Account, command: Order) -> Result<Vec<Fact>, AccountError> {
        state.decide(command).map(|fact| vec![fact])
    }

    fn apply_event(mut state: Account, event: Fact) -> Account {
        state.take_in(event);
        state
    }
}

impl Upcaster for Fact {
    fn upcast(mut value: serde_json::Value, version: Option<i32>) -> Result<Self, serde_json::Error> {
        match version {
            Some(1) if value.get("Deposited").is_some() => {
                let old: MoneyDepositedV1 = serde_json::from_value(value["Deposited"].take())?;
                Ok(Self::Deposited(MoneyDeposited::from(MoneyDepositedV2::from(old))))
            }
            _ => serde_json::from_value(value),
        }
    }

    fn current_version() -> Option<i32> {
        Some(3)
    }
}

struct Row {
    id: Uuid,
    occurred_on: DateTime<Utc>,
    sequence_number: i32,
    version: Option<i32>,
    payload: Vec<u8>,
}

#[derive(Default)]
struct Texts(RwLock<HashMap<Uuid, Vec<Row>>>);

struct NoLock;

impl UnlockOnDrop for NoLock {}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("a conflict")]
    Conflict,
    #[error(transparent)]
    Rejected(#[from] AccountError),
}

#[async_trait]
impl EventStore for Texts {
    type Aggregate = Accounts;
    type Error = StoreError;

    async fn lock(&self, _: Uuid) -> Result<EventStoreLockGuard, StoreError> {
        Ok(EventStoreLockGuard::new(NoLock))
    }

    async fn by_aggregate_id(&self, aggregate_id: Uuid) -> Result<Vec<StoreEvent<Fact>>, StoreError> {
        let streams = self.0.read().expect("nobody panics");
        let rows = streams.get(&aggregate_id).map_or(&[][..], Vec::as_slice);
        let read = |row: &Row| {
            let payload = Fact::upcast(serde_json::from_slice(&row.payload)?, row.version)?;
            let &Row { id, occurred_on, sequence_number, version, .. } = row;
            Ok(StoreEvent { id, aggregate_id, payload, occurred_on, sequence_number, version })
        };
        rows.iter().map(read).collect()
    }

    async fn persist(
        &self,
        state: &mut AggregateState<Account>,
        events: Vec<Fact>,
    ) -> Result<Vec<StoreEvent<Fact>>, StoreError> {
        let (aggregate_id, occurred_on, version) = (*state.id(), Utc::now(), Fact::current_version());
        let mut streams = self.0.write().expect("nobody panics");
        let rows = streams.entry(aggregate_id).or_default();
        let mut stored = Vec::with_capacity(events.len());
        for payload in events {
            let (id, sequence_number) = (Uuid::new_v4(), state.next_sequence_number());
            if usize::try_from(sequence_number).ok() != Some(rows.len() + 1) {
                return Err(StoreError::Conflict);
            }
            // Its own store makes a value first, too.
            let text = serde_json::to_vec(&serde_json::to_value(&payload)?)?;
            rows.push(Row { id, occurred_on, sequence_number, version, payload: text });
            stored.push(StoreEvent { id, aggregate_id, payload, occurred_on, sequence_number, version });
        }
        Ok(stored)
    }

    async fn publish(&self, _: &[StoreEvent<Fact>]) {}

    async fn delete(&self, aggregate_id: Uuid) -> Result<(), StoreError> {
        self.0.write().expect("nobody panics").remove(&aggregate_id);
        Ok(())
    }
}

#[derive(Clone)]
pub(crate) struct Esrs {
    texts: Arc<Texts>,
    manager: Arc<AggregateManager<Arc<Texts>>>,
}

/// Its ids are UUIDs.
fn uuid(id: &str) -> Uuid {
    Uuid::parse_str(id).unwrap_or(Uuid::max())
}

impl Peer for Esrs {
    fn new() -> Self {
        let texts = Arc::<Texts>::default();
        Self { manager: Arc::new(AggregateManager::new(Arc::clone(&texts))), texts }
    }

    async fn execute(&self, id: &str, order: Order) {
        let loaded = self.manager.load(uuid(id)).await.expect("the stream is read");
        let state = loaded.unwrap_or_else(|| AggregateState::with_id(uuid(id)));
        self.manager.handle_command(state, order).await.expect("a store").expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        let loaded = self.manager.load(uuid(id)).await.expect("the stream is read");
        loaded.map_or(0, |state| state.inner().balance)
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let mut state = AggregateState::with_id(uuid(id));
        for _ in 0..seen {
            state.next_sequence_number();
        }
        self.texts.persist(&mut state, facts).await.expect("nobody else appends");
    }

    async fn append_old(&self, id: &str, deposits: Vec<MoneyDepositedV1>) -> bool {
        let mut streams = self.texts.0.write().expect("nobody panics");
        let rows = streams.entry(uuid(id)).or_default();
        for deposit in deposits {
            let payload = serde_json::to_vec(&serde_json::json!({ "Deposited": deposit })).expect("it is JSON");
            let sequence_number = i32::try_from(rows.len() + 1).expect("no stream is that long");
            rows.push(Row { id: Uuid::new_v4(), occurred_on: Utc::now(), sequence_number, version: Some(1), payload });
        }
        true
    }
}
