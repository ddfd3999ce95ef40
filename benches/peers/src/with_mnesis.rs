//! mnesis, on its memory store, with its JSON codec.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use futures::StreamExt;
use mnesis::{Aggregate, AggregateRoot, AggregateState, DomainEvent, Events, Handle, Message, Version, events};
use mnesis_inmemory::InMemoryStore;
use mnesis_store::{CommandRepository, EventMorsel, JsonCodec, RawEventStore, Repository, Store, StreamKey};
use tokio::sync::Mutex;

use crate::domain::{Account, AccountError, Balances, Fact, MoneyDepositedV1, Order};
use crate::peer::Peer;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Id(String);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<[u8]> for Id {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Message for Fact {}

impl DomainEvent for Fact {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "Opened",
            Self::Deposited(_) => "Deposited",
            Self::Withdrawn(_) => "Withdrawn",
            Self::Closed(_) => "Closed",
        }
    }
}

impl AggregateState for Account {
    type Event = Fact;

    fn initial() -> Self {
        Self::default()
    }

    fn apply(mut self, event: &Fact) -> Self {
        self.take_in_ref(event);
        self
    }
}

struct Accounts;

impl Aggregate for Accounts {
    type State = Account;
    type Error = AccountError;
    type Id = Id;
}

impl Handle<Order> for Accounts {
    fn handle(state: &Account, order: Order) -> Result<Option<Events<Fact>>, AccountError> {
        state.decide(order).map(|fact| Some(events![fact]))
    }
}

type Stored = mnesis_store::EventStore<InMemoryStore, JsonCodec, Accounts>;

#[derive(Clone)]
pub(crate) struct Mnesis {
    store: Store<InMemoryStore>,
    repository: Arc<Stored>,
    roots: Arc<Mutex<HashMap<String, AggregateRoot<Accounts>>>>,
}

impl Mnesis {
    async fn root<'r>(
        &self,
        roots: &'r mut HashMap<String, AggregateRoot<Accounts>>,
        id: &str,
    ) -> &'r mut AggregateRoot<Accounts> {
        if !roots.contains_key(id) {
            let root = self.repository.load(Id(id.to_owned())).await.expect("the stream is read");
            roots.insert(id.to_owned(), root);
        }
        roots.get_mut(id).expect("it is there now")
    }
}

/// From bytes to bytes, as its upcasters go, one version at a time.
fn upcast(mut morsel: EventMorsel<'_>) -> Result<EventMorsel<'_>, Infallible> {
    if morsel.event_type() == "Deposited" && morsel.schema_version() == Version::INITIAL {
        let mut event: serde_json::Value = serde_json::from_slice(morsel.payload()).expect("it is JSON");
        if let Some(fields) = event["Deposited"].as_object_mut()
            && let Some(amount) = fields.remove("amt")
        {
            fields.insert("amount".to_owned(), amount);
        }
        let payload = serde_json::to_vec(&event).expect("it is JSON");
        morsel = morsel.with_payload(Cow::Owned(payload)).with_schema_version(Version::new(2).expect("not zero"));
    }
    if morsel.event_type() == "Deposited" && Some(morsel.schema_version()) == Version::new(2) {
        let mut event: serde_json::Value = serde_json::from_slice(morsel.payload()).expect("it is JSON");
        event["Deposited"]["currency"] = "EUR".into();
        let payload = serde_json::to_vec(&event).expect("it is JSON");
        morsel = morsel.with_payload(Cow::Owned(payload)).with_schema_version(Version::new(3).expect("not zero"));
    }
    Ok(morsel)
}

impl Peer for Mnesis {
    const KEEPS_STATE: bool = true;

    fn new() -> Self {
        let store = Store::new(InMemoryStore::new());
        Self { repository: Arc::new(store.repository().json().build()), store, roots: Arc::default() }
    }

    async fn execute(&self, id: &str, order: Order) {
        let mut root = self.repository.load(Id(id.to_owned())).await.expect("the stream is read");
        let _ = self.repository.execute::<Order, 0>(&mut root, order).await.expect("the script breaks no rule");
    }

    async fn execute_cached(&self, id: &str, order: Order) {
        let mut roots = self.roots.lock().await;
        let root = self.root(&mut roots, id).await;
        let _ = self.repository.execute::<Order, 0>(root, order).await.expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        self.repository.load(Id(id.to_owned())).await.expect("the stream is read").state().balance
    }

    async fn balance_of_old(&self, id: &str) -> u64 {
        self.repository.load_with(Id(id.to_owned()), upcast).await.expect("the stream is read").state().balance
    }

    async fn append(&self, id: &str, _: usize, facts: Vec<Fact>) {
        let mut roots = self.roots.lock().await;
        let root = self.root(&mut roots, id).await;
        for batch in facts.chunks(crate::script::BATCH) {
            let mut batch = batch.iter().cloned();
            let Some(first) = batch.next() else { return };
            let mut events = Events::<Fact, 9>::new(first);
            batch.for_each(|fact| events.add(fact));
            self.repository.save(root, &events).await.expect("nobody else appends");
        }
    }

    async fn append_old(&self, id: &str, deposits: Vec<MoneyDepositedV1>) -> bool {
        use mnesis_store::{PendingBatch, pending_envelope};
        let mut seen = 0;
        let mut stored =
            self.store.raw().read_stream(&StreamKey::from_slice(id.as_bytes()), Version::INITIAL).await.expect("read");
        while let Some(event) = stored.next().await {
            seen = event.expect("read").version().as_u64();
        }
        let envelopes: Vec<_> = deposits
            .into_iter()
            .zip(seen + 1..)
            .map(|(deposit, version)| {
                let payload = serde_json::to_vec(&serde_json::json!({ "Deposited": deposit })).expect("it is JSON");
                let envelope = pending_envelope(Version::new(version).expect("not zero")).event_type("Deposited");
                envelope.payload(payload).build().expect("a valid envelope")
            })
            .collect();
        let batch = PendingBatch::new(&envelopes).expect("not empty");
        let key = StreamKey::from_slice(id.as_bytes());
        self.store.append(&key, Version::new(seen), batch).await.expect("nobody else appends");
        true
    }

    async fn project(&self) -> Option<u64> {
        let mut balances = Balances::default();
        let mut events = Box::pin(self.store.raw().read_all(None).await.expect("the log is read"));
        while let Some(event) = events.next().await {
            let (_, key, envelope) = event.expect("the log is read");
            let fact: Fact = serde_json::from_slice(envelope.payload()).expect("it is JSON");
            balances.take_in(std::str::from_utf8(key.as_ref()).expect("ids are text"), &fact);
        }
        Some(balances.total())
    }
}
