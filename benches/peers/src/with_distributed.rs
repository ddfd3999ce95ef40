//! distributed, on its memory repository, without any of its features.

use std::collections::HashMap;
use std::sync::Arc;

use distributed::{
    Aggregate, AggregateRepository, CommitBatch, Entity, EventRecord, EventRecordError, EventUpcaster,
    InMemoryRepository, Snapshottable, StreamIdentity, StreamWrite, TransactionalCommit, upcast_payload,
};
use tokio::sync::Mutex;

use crate::domain::{Account, Fact, MoneyDeposited, MoneyDepositedV1, MoneyDepositedV2, Order};
use crate::peer::Peer;

const DEPOSITED: &str = "Deposited";

/// An aggregate holds its events beside its state.
#[derive(Default)]
struct Ledger {
    entity: Entity,
    account: Account,
}

fn digest(entity: &mut Entity, fact: &Fact) {
    let digested = match fact {
        Fact::Opened(event) => entity.digest("Opened", event),
        Fact::Deposited(event) => entity.digest_v(DEPOSITED, 3, event),
        Fact::Withdrawn(event) => entity.digest("Withdrawn", event),
        Fact::Closed(event) => entity.digest("Closed", event),
    };
    digested.expect("an event is encoded");
}

impl Ledger {
    fn of(id: &str) -> Self {
        Self { entity: Entity::with_id(id), account: Account::default() }
    }

    fn execute(&mut self, order: Order) {
        let fact = self.account.decide(order).expect("the script breaks no rule");
        digest(&mut self.entity, &fact);
        self.account.take_in(fact);
    }
}

impl Aggregate for Ledger {
    type ReplayError = EventRecordError;

    fn aggregate_type() -> &'static str {
        "account"
    }

    fn entity(&self) -> &Entity {
        &self.entity
    }

    fn entity_mut(&mut self) -> &mut Entity {
        &mut self.entity
    }

    fn replay_event(&mut self, event: &EventRecord) -> Result<(), EventRecordError> {
        self.account.take_in(match event.event_name.as_str() {
            "Opened" => Fact::Opened(event.decode()?),
            DEPOSITED => Fact::Deposited(event.decode()?),
            "Withdrawn" => Fact::Withdrawn(event.decode()?),
            "Closed" => Fact::Closed(event.decode()?),
            other => panic!("{other}"),
        });
        Ok(())
    }

    fn upcasters() -> &'static [EventUpcaster] {
        &[
            EventUpcaster {
                event_type: DEPOSITED,
                from_version: 1,
                to_version: 2,
                transform: |event| upcast_payload(event, 2, |old: MoneyDepositedV1| MoneyDepositedV2::from(old)),
            },
            EventUpcaster {
                event_type: DEPOSITED,
                from_version: 2,
                to_version: 3,
                transform: |event| upcast_payload(event, 3, |old: MoneyDepositedV2| MoneyDeposited::from(old)),
            },
        ]
    }
}

impl Snapshottable for Ledger {
    type Snapshot = Account;

    fn create_snapshot(&self) -> Account {
        self.account.clone()
    }

    fn restore_from_snapshot(&mut self, snapshot: Account) {
        self.account = snapshot;
    }
}

#[derive(Clone)]
pub(crate) struct Distributed {
    repository: Arc<AggregateRepository<InMemoryRepository, Ledger>>,
    ledgers: Arc<Mutex<HashMap<String, Ledger>>>,
}

impl Distributed {
    fn over(repository: AggregateRepository<InMemoryRepository, Ledger>) -> Self {
        Self { repository: Arc::new(repository), ledgers: Arc::default() }
    }

    async fn load(&self, id: &str) -> Ledger {
        self.repository.get(id).await.expect("the stream is read").unwrap_or_else(|| Ledger::of(id))
    }

    /// Without the state, behind so many events.
    async fn append_behind(&self, id: &str, seen: usize, digest: impl FnOnce(&mut Entity)) {
        let mut entity = Entity::with_id(id);
        entity.load_tail_from_history(Vec::new(), seen as u64);
        digest(&mut entity);
        let identity = StreamIdentity::new(Ledger::aggregate_type(), id).expect("a valid id");
        let batch = CommitBatch::new(vec![StreamWrite::new(identity, &mut entity)]);
        self.repository.repo().commit_batch(batch).await.expect("nobody else appends");
    }
}

impl Peer for Distributed {
    const KEEPS_STATE: bool = true;

    fn new() -> Self {
        Self::over(AggregateRepository::new(InMemoryRepository::new()))
    }

    fn with_snapshots() -> Option<Self> {
        Some(Self::over(AggregateRepository::new(InMemoryRepository::new()).with_snapshots(200)))
    }

    async fn execute(&self, id: &str, order: Order) {
        let mut ledger = self.load(id).await;
        ledger.execute(order);
        self.repository.commit(&mut ledger).await.expect("nobody else appends");
    }

    async fn execute_cached(&self, id: &str, order: Order) {
        let mut ledgers = self.ledgers.lock().await;
        if !ledgers.contains_key(id) {
            ledgers.insert(id.to_owned(), self.load(id).await);
        }
        let ledger = ledgers.get_mut(id).expect("it is there now");
        ledger.execute(order);
        self.repository.commit(ledger).await.expect("nobody else appends");
    }

    async fn balance(&self, id: &str) -> u64 {
        self.load(id).await.account.balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        self.append_behind(id, seen, |entity| facts.iter().for_each(|fact| digest(entity, fact))).await;
    }

    async fn append_old(&self, id: &str, deposits: Vec<MoneyDepositedV1>) -> bool {
        let seen = self.repository.get(id).await.expect("the stream is read");
        let seen = seen.map_or(0, |ledger| ledger.entity.events().len());
        let add = |entity: &mut Entity| {
            deposits.iter().for_each(|old| entity.digest_v(DEPOSITED, 1, old).expect("an event is encoded"));
        };
        self.append_behind(id, seen, add).await;
        true
    }
}
