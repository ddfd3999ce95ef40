//! disintegrate, on the shortest store that its traits allow, which keeps JSON text as its own does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use async_trait::async_trait;
use disintegrate::{
    BoxDynError, Decision, DecisionMaker, Event, EventListener, EventSourcedStateStore, EventStore, IdentifierValue,
    LoadState, NoSnapshot, PersistedEvent, StateMutate, StatePart, StateQuery, StateSnapshotter, StreamItem,
    StreamQuery, WithSnapshot, ident, query,
};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::{
    Account, AccountClosed, AccountError, AccountOpened, Balances, Fact, MoneyDeposited, MoneyWithdrawn, Order,
};
use crate::peer::Peer;

/// An event names what it is about.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
enum OfAccount {
    Opened {
        #[id]
        account: String,
        event: AccountOpened,
    },
    Deposited {
        #[id]
        account: String,
        event: MoneyDeposited,
    },
    Withdrawn {
        #[id]
        account: String,
        event: MoneyWithdrawn,
    },
    Closed {
        #[id]
        account: String,
        event: AccountClosed,
    },
}

impl OfAccount {
    fn new(account: &str, fact: Fact) -> Self {
        let account = account.to_owned();
        match fact {
            Fact::Opened(event) => Self::Opened { account, event },
            Fact::Deposited(event) => Self::Deposited { account, event },
            Fact::Withdrawn(event) => Self::Withdrawn { account, event },
            Fact::Closed(event) => Self::Closed { account, event },
        }
    }

    fn split(self) -> (String, Fact) {
        match self {
            Self::Opened { account, event } => (account, Fact::Opened(event)),
            Self::Deposited { account, event } => (account, Fact::Deposited(event)),
            Self::Withdrawn { account, event } => (account, Fact::Withdrawn(event)),
            Self::Closed { account, event } => (account, Fact::Closed(event)),
        }
    }
}

/// What a decision is taken on: the account that the id says.
#[derive(Debug, Clone, Default, Serialize, Deserialize, StateQuery)]
#[state_query(OfAccount)]
struct Known {
    #[id]
    account: String,
    state: Account,
}

impl Known {
    fn of(id: &str) -> Self {
        Self { account: id.to_owned(), state: Account::default() }
    }
}

impl StateMutate for Known {
    fn mutate(&mut self, event: OfAccount) {
        self.state.take_in(event.split().1);
    }
}

struct Ordered {
    account: String,
    order: Order,
}

impl Decision for Ordered {
    type Event = OfAccount;
    type StateQuery = Known;
    type Error = AccountError;

    fn state_query(&self) -> Known {
        Known::of(&self.account)
    }

    fn process(&self, known: &Known) -> Result<Vec<OfAccount>, AccountError> {
        known.state.decide(self.order.clone()).map(|fact| vec![OfAccount::new(&self.account, fact)])
    }
}

struct Row {
    name: &'static str,
    payload: Vec<u8>,
}

/// The id of an event is its place in the log, from one.
#[derive(Default)]
struct Rows {
    log: Vec<Row>,
    accounts: HashMap<Arc<str>, Vec<i64>>,
}

#[derive(Clone, Default)]
struct Texts(Arc<RwLock<Rows>>);

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("the event is none of the query")]
    Other,
    #[error("a conflict")]
    Conflict,
}

fn place(id: i64) -> usize {
    usize::try_from(id).expect("no id is negative")
}

fn id(place: usize) -> i64 {
    i64::try_from(place).expect("no log is that long")
}

impl Rows {
    fn row(&self, id: i64) -> &Row {
        &self.log[place(id) - 1]
    }

    /// The ids after one that a query finds, at most so many, in order.
    fn found<QE: Event + Clone>(&self, query: &StreamQuery<i64, QE>, after: i64, most: usize) -> Vec<i64> {
        let mut found = Vec::new();
        for filter in query.filters() {
            let after = after.max(filter.origin());
            let is_named = |id: &i64| {
                let name = &self.row(*id).name;
                filter.events().contains(name) && filter.excluded_events().is_none_or(|events| !events.contains(name))
            };
            match filter.identifiers().get(&ident!(#account)) {
                Some(IdentifierValue::String(account)) => {
                    let ids = self.accounts.get(account.as_str()).map_or(&[][..], Vec::as_slice);
                    let behind = &ids[ids.partition_point(|&id| id <= after)..];
                    found.extend(behind.iter().copied().filter(is_named).take(most));
                }
                _ => found.extend((after + 1..=id(self.log.len())).filter(is_named).take(most)),
            }
        }
        if query.filters().len() > 1 {
            found.sort_unstable();
            found.dedup();
            found.truncate(most);
        }
        found
    }

    fn add(&mut self, account: String, row: Row) -> i64 {
        self.log.push(row);
        let id = id(self.log.len());
        match self.accounts.get_mut(account.as_str()) {
            Some(ids) => ids.push(id),
            None => {
                self.accounts.insert(account.into(), vec![id]);
            }
        }
        id
    }
}

impl Texts {
    fn encode(events: &[OfAccount]) -> Result<Vec<Row>, StoreError> {
        let encoded = |event: &OfAccount| Ok(Row { name: event.name(), payload: serde_json::to_vec(event)? });
        events.iter().map(encoded).collect()
    }

    fn add(rows: &mut Rows, events: Vec<OfAccount>, encoded: Vec<Row>) -> Vec<PersistedEvent<i64, OfAccount>> {
        let added = |(event, row): (OfAccount, Row)| {
            let (OfAccount::Opened { account, .. }
            | OfAccount::Deposited { account, .. }
            | OfAccount::Withdrawn { account, .. }
            | OfAccount::Closed { account, .. }) = &event;
            PersistedEvent::new(rows.add(account.clone(), row), event)
        };
        events.into_iter().zip(encoded).map(added).collect()
    }
}

#[async_trait]
impl EventStore<i64, OfAccount> for Texts {
    type Error = StoreError;

    /// Page by page, up to what there was when it began.
    fn stream<'a, QE>(
        &'a self,
        query: &'a StreamQuery<i64, QE>,
    ) -> BoxStream<'a, Result<StreamItem<i64, QE>, StoreError>>
    where
        QE: TryFrom<OfAccount> + Event + 'static + Clone + Send + Sync,
        <QE as TryFrom<OfAccount>>::Error: std::error::Error + 'static + Send + Sync,
    {
        let end = id(self.0.read().expect("nobody panics").log.len());
        let mut after = 0;
        let pages = std::iter::from_fn(move || {
            let rows = self.0.read().expect("nobody panics");
            let mut ids = rows.found(query, after, 100);
            ids.retain(|&id| id <= end);
            after = *ids.last()?;
            let read = |id: i64| {
                let event: OfAccount = serde_json::from_slice(&rows.row(id).payload)?;
                let event = event.try_into().map_err(|_| StoreError::Other)?;
                Ok(StreamItem::Event(PersistedEvent::new(id, event)))
            };
            Some(ids.into_iter().map(read).collect::<Vec<_>>())
        });
        stream::iter(pages.flatten().chain([Ok(StreamItem::End(end))])).boxed()
    }

    async fn append<QE>(
        &self,
        events: Vec<OfAccount>,
        query: StreamQuery<i64, QE>,
        last_event_id: i64,
    ) -> Result<Vec<PersistedEvent<i64, OfAccount>>, StoreError>
    where
        QE: Event + 'static + Clone + Send + Sync,
    {
        let encoded = Self::encode(&events)?;
        let mut rows = self.0.write().expect("nobody panics");
        if !rows.found(&query, last_event_id, 1).is_empty() {
            return Err(StoreError::Conflict);
        }
        Ok(Self::add(&mut rows, events, encoded))
    }

    async fn append_without_validation(
        &self,
        events: Vec<OfAccount>,
    ) -> Result<Vec<PersistedEvent<i64, OfAccount>>, StoreError> {
        let encoded = Self::encode(&events)?;
        Ok(Self::add(&mut self.0.write().expect("nobody panics"), events, encoded))
    }
}

/// A version with a state as JSON.
type Snapshot = (i64, Vec<u8>);

/// As its own for PostgreSQL: after a state was read, if so many events were read for it.
#[derive(Clone)]
struct Snapshots {
    every: u64,
    kept: Arc<Mutex<HashMap<String, Snapshot>>>,
}

impl Snapshots {
    fn key<S: StateQuery>(state: &S) -> String {
        let mut key = S::NAME.to_owned();
        for (name, value) in state.query::<i64>().filters().iter().flat_map(|filter| filter.identifiers().iter()) {
            key += &format!(",{name}={value}");
        }
        key
    }
}

#[async_trait]
impl StateSnapshotter<i64> for Snapshots {
    async fn load_snapshot<S>(&self, default: StatePart<i64, S>) -> StatePart<i64, S>
    where
        S: Send + Sync + DeserializeOwned + StateQuery + 'static,
    {
        let kept = self.kept.lock().expect("nobody panics").get(&Self::key::<S>(&default)).cloned();
        let read = |(version, bytes): Snapshot| Some((version, serde_json::from_slice(&bytes).ok()?));
        kept.and_then(read).map_or(default, |(version, state)| StatePart::new(version, state))
    }

    async fn store_snapshot<S>(&self, state: &StatePart<i64, S>) -> Result<(), BoxDynError>
    where
        S: Send + Sync + Serialize + StateQuery + 'static,
    {
        if state.applied_events() > self.every {
            let bytes = serde_json::to_vec::<S>(state)?;
            self.kept.lock().expect("nobody panics").insert(Self::key::<S>(state), (state.version(), bytes));
        }
        Ok(())
    }
}

type States = EventSourcedStateStore<i64, OfAccount, Texts, NoSnapshot>;
type StatesWithSnapshots = EventSourcedStateStore<i64, OfAccount, Texts, WithSnapshot<i64, Snapshots>>;

#[derive(Clone)]
pub(crate) struct Disintegrate {
    texts: Texts,
    states: States,
    decisions: DecisionMaker<States>,
    decisions_with_snapshots: Option<DecisionMaker<StatesWithSnapshots>>,
    /// The last event of each account, which whoever appends has to know.
    tails: Arc<Mutex<HashMap<String, i64>>>,
}

/// Its listener; what runs one is in its crate for PostgreSQL.
struct Summing {
    query: StreamQuery<i64, OfAccount>,
    balances: Mutex<Balances>,
}

#[async_trait]
impl EventListener<i64, OfAccount> for Summing {
    type Error = std::convert::Infallible;

    fn id(&self) -> &'static str {
        "balances"
    }

    fn query(&self) -> &StreamQuery<i64, OfAccount> {
        &self.query
    }

    async fn handle(&self, event: PersistedEvent<i64, OfAccount>) -> Result<(), Self::Error> {
        let (account, fact) = event.into_inner().split();
        self.balances.lock().expect("nobody panics").take_in(&account, &fact);
        Ok(())
    }
}

impl Peer for Disintegrate {
    fn new() -> Self {
        let texts = Texts::default();
        let states = EventSourcedStateStore::new(texts.clone(), NoSnapshot);
        let decisions = DecisionMaker::new(states.clone());
        Self { texts, states, decisions, decisions_with_snapshots: None, tails: Arc::default() }
    }

    fn with_snapshots() -> Option<Self> {
        let peer = Self::new();
        let snapshots = WithSnapshot::new(Snapshots { every: 200, kept: Arc::default() });
        let decisions = DecisionMaker::new(EventSourcedStateStore::new(peer.texts.clone(), snapshots));
        Some(Self { decisions_with_snapshots: Some(decisions), ..peer })
    }

    async fn execute(&self, id: &str, order: Order) {
        let ordered = Ordered { account: id.to_owned(), order };
        let decided = match &self.decisions_with_snapshots {
            None => self.decisions.make::<_, Known, i64, OfAccount>(ordered).await,
            Some(decisions) => decisions.make::<_, Known, i64, OfAccount>(ordered).await,
        };
        decided.expect("the script breaks no rule");
    }

    async fn balance(&self, id: &str) -> u64 {
        let loaded = LoadState::<i64, Known, OfAccount>::load(&self.states, Known::of(id)).await;
        loaded.expect("the stream is read").state().state.balance
    }

    async fn append(&self, id: &str, _: usize, facts: Vec<Fact>) {
        let events = facts.into_iter().map(|fact| OfAccount::new(id, fact)).collect();
        let last = self.tails.lock().expect("nobody panics").get(id).copied().unwrap_or_default();
        let appended = self.texts.append(events, query!(OfAccount; account == id), last).await;
        let appended = appended.expect("nobody else appends");
        if let Some(last) = appended.last() {
            self.tails.lock().expect("nobody panics").insert(id.to_owned(), last.id());
        }
    }

    async fn project(&self) -> Option<u64> {
        let summing = Summing { query: query!(OfAccount), balances: Mutex::default() };
        let mut events = self.texts.stream(summing.query());
        while let Some(item) = events.next().await {
            if let StreamItem::Event(event) = item.expect("the log is read") {
                summing.handle(event).await.ok()?;
            }
        }
        let total = summing.balances.lock().expect("nobody panics").total();
        Some(total)
    }
}
