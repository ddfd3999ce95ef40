//! eventcore, on its memory store.

use std::sync::Arc;

use eventcore::{Command, CommandError, CommandLogic, NewEvents, RetryPolicy, StreamId};
use eventcore_memory::InMemoryEventStore;
use eventcore_types::{
    BatchSize, CommandStateSnapshotId, EventFilter, EventPage, EventReader, EventStore, StreamVersion, StreamWrites,
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};

use crate::domain::{Account, Balances, Fact, Order};
use crate::peer::Peer;

/// An event names its stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OfStream {
    stream: StreamId,
    fact: Fact,
}

impl eventcore::Event for OfStream {
    fn stream_id(&self) -> &StreamId {
        &self.stream
    }

    fn event_type_name() -> &'static str {
        "account"
    }
}

#[derive(Clone, Command)]
struct Ordered {
    #[stream]
    account: StreamId,
    order: Order,
    snapshots: bool,
}

impl CommandLogic for Ordered {
    type Event = OfStream;
    type State = Account;

    fn apply(&self, mut state: Account, event: &OfStream) -> Account {
        state.take_in_ref(&event.fact);
        state
    }

    fn handle(&self, state: Account) -> Result<NewEvents<OfStream>, CommandError> {
        let decided = state.decide(self.order.clone());
        let fact = decided.map_err(|error| CommandError::ValidationError(error.to_string()))?;
        Ok(vec![OfStream { stream: self.account.clone(), fact }].into())
    }

    fn command_state_snapshot_id(&self) -> Option<CommandStateSnapshotId> {
        let id = || CommandStateSnapshotId::try_new(format!("account::{}", self.account)).expect("a valid id");
        self.snapshots.then(id)
    }

    fn serialize_command_state_snapshot(&self, state: &Account) -> Result<serde_json::Value, CommandError> {
        serde_json::to_value(state).map_err(|error| CommandError::ValidationError(error.to_string()))
    }

    fn deserialize_command_state_snapshot(&self, state: serde_json::Value) -> Result<Account, CommandError> {
        serde_json::from_value(state).map_err(|error| CommandError::ValidationError(error.to_string()))
    }
}

#[derive(Clone)]
pub(crate) struct Eventcore {
    store: Arc<InMemoryEventStore>,
    snapshots: bool,
}

fn stream(id: &str) -> StreamId {
    StreamId::try_new(format!("account::{id}")).expect("a valid id")
}

impl Peer for Eventcore {
    fn new() -> Self {
        Self { store: Arc::new(InMemoryEventStore::new()), snapshots: false }
    }

    fn with_snapshots() -> Option<Self> {
        Some(Self { snapshots: true, ..Self::new() })
    }

    async fn execute(&self, id: &str, order: Order) {
        let ordered = Ordered { account: stream(id), order, snapshots: self.snapshots };
        eventcore::execute(&*self.store, ordered, RetryPolicy::new()).await.expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        let mut events = self.store.read_stream::<OfStream>(stream(id)).await.expect("the stream is read");
        let mut account = Account::default();
        while let Some(event) = events.next().await {
            account.take_in(event.expect("the event is read").fact);
        }
        account.balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let stream = stream(id);
        let mut writes = StreamWrites::new()
            .register_stream(stream.clone(), StreamVersion::new(seen))
            .expect("the stream is registered once");
        for fact in facts {
            writes = writes.append(OfStream { stream: stream.clone(), fact }).expect("the event is encoded");
        }
        self.store.append_events(writes).await.expect("nobody else appends");
    }

    /// Page by page, because its runner ends after the first in the mode that ends at all.
    async fn project(&self) -> Option<u64> {
        let mut balances = Balances::default();
        let mut page = EventPage::first(BatchSize::new(1_000));
        loop {
            let events = self.store.read_events::<OfStream>(EventFilter::all(), page).await.expect("the log is read");
            for (event, _) in &events {
                balances.take_in(event.stream.as_ref(), &event.fact);
            }
            match page.next_from_results(&events) {
                Some(next) => page = next,
                None => return Some(balances.total()),
            }
        }
    }
}
