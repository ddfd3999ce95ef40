//! evento, on the shortest store that its traits allow, which keeps bytes of bitcode as its own do.

use std::collections::HashMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use evento::cursor::{Args, Cursor, Edge, PageInfo, ReadResult, Value};
use evento::metadata::{Event, Metadata};
use evento::projection::{Handler, Projection, Snapshot};
use evento::subscription::{Context, SubscriptionBuilder};
use evento::{
    Aggregate, AggregateEvent, EventFilter, Executor, RoutingKey, TenantFilter, Upcaster, WriteBuilder, WriteError,
};
use ulid::Ulid;

use crate::domain::{
    Account, AccountClosed, AccountOpened, Balances, Fact, MoneyDeposited, MoneyDepositedV1, MoneyWithdrawn, Order,
};
use crate::peer::Peer;

/// A version of an event is an event of its own; all have the fields of the others' events.
#[evento::aggregate(name = "bank/Account")]
enum Ledger {
    Opened {
        owner: String,
        iban: String,
        branch: String,
    },
    #[evento(upcast_to = DepositedV2)]
    DepositedV1 {
        amt: u64,
        reference: String,
        counterparty: String,
    },
    #[evento(upcast_to = Deposited)]
    DepositedV2 {
        amount: u64,
        reference: String,
        counterparty: String,
    },
    Deposited {
        amount: u64,
        currency: String,
        reference: String,
        counterparty: String,
    },
    Withdrawn {
        amount: u64,
        currency: String,
        reference: String,
        counterparty: String,
    },
    Closed {
        reason: String,
        closed_by: String,
    },
}

impl From<DepositedV1> for DepositedV2 {
    fn from(old: DepositedV1) -> Self {
        Self { amount: old.amt, reference: old.reference, counterparty: old.counterparty }
    }
}

impl From<DepositedV2> for Deposited {
    fn from(old: DepositedV2) -> Self {
        let DepositedV2 { amount, reference, counterparty } = old;
        Self { amount, currency: "EUR".to_owned(), reference, counterparty }
    }
}

impl From<Opened> for Fact {
    fn from(Opened { owner, iban, branch }: Opened) -> Self {
        Self::Opened(AccountOpened { owner, iban, branch })
    }
}

impl From<Deposited> for Fact {
    fn from(Deposited { amount, currency, reference, counterparty }: Deposited) -> Self {
        Self::Deposited(MoneyDeposited { amount, currency, reference, counterparty })
    }
}

impl From<Withdrawn> for Fact {
    fn from(Withdrawn { amount, currency, reference, counterparty }: Withdrawn) -> Self {
        Self::Withdrawn(MoneyWithdrawn { amount, currency, reference, counterparty })
    }
}

impl From<Closed> for Fact {
    fn from(Closed { reason, closed_by }: Closed) -> Self {
        Self::Closed(AccountClosed { reason, closed_by })
    }
}

fn add(write: &mut WriteBuilder, fact: Fact) {
    match fact {
        Fact::Opened(AccountOpened { owner, iban, branch }) => write.event(&Opened { owner, iban, branch }),
        Fact::Deposited(MoneyDeposited { amount, currency, reference, counterparty }) => {
            write.event(&Deposited { amount, currency, reference, counterparty })
        }
        Fact::Withdrawn(MoneyWithdrawn { amount, currency, reference, counterparty }) => {
            write.event(&Withdrawn { amount, currency, reference, counterparty })
        }
        Fact::Closed(AccountClosed { reason, closed_by }) => write.event(&Closed { reason, closed_by }),
    };
}

/// Read in full.
#[evento::projection]
#[evento::snapshot(none)]
struct Replayed {
    account: Account,
}

/// Read from its last snapshot, which the store keeps.
#[evento::projection(bitcode::Encode, bitcode::Decode)]
struct Restored {
    account: Account,
}

/// Read from what the process keeps.
#[evento::projection]
#[evento::snapshot(memory)]
struct Kept {
    account: Account,
}

trait View: Snapshot<Rows> + Default + Send + Sync + 'static {
    fn account(&mut self) -> &mut Account;
}

impl View for Replayed {
    fn account(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl View for Restored {
    fn account(&mut self) -> &mut Account {
        &mut self.account
    }
}

impl View for Kept {
    fn account(&mut self) -> &mut Account {
        &mut self.account
    }
}

/// What its macro for handlers writes, once for all views.
struct Applied<E>(PhantomData<fn() -> E>);

impl<E> Applied<E> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<V: View, E: AggregateEvent + bitcode::DecodeOwned + Into<Fact> + Send> Handler<V> for Applied<E> {
    fn handle<'a>(
        &'a self,
        view: &'a mut V,
        event: &'a evento::Event,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let event: Event<'_, E> = event.try_into()?;
            view.account().take_in(event.data.into());
            Ok(())
        })
    }

    fn aggregate_type(&self) -> &'static str {
        E::aggregate_type()
    }

    fn event_name(&self) -> &'static str {
        E::event_name()
    }

    fn upcasters(&self) -> &'static [Upcaster] {
        E::upcasters()
    }
}

struct Row {
    id: Ulid,
    stream: Arc<str>,
    version: u16,
    name: String,
    data: Vec<u8>,
    metadata: Vec<u8>,
    stamp: u64,
}

impl Row {
    fn read(&self) -> anyhow::Result<evento::Event> {
        Ok(evento::Event {
            id: self.id,
            aggregate_id: self.stream.to_string(),
            aggregate_type: Ledger::aggregate_type().to_owned(),
            version: self.version,
            name: self.name.clone(),
            routing_key: None,
            tenant: String::new(),
            data: self.data.clone(),
            metadata: bitcode::decode::<Metadata>(&self.metadata)?,
            timestamp: self.stamp / 1_000,
            timestamp_subsec: u32::try_from(self.stamp % 1_000)?,
        })
    }
}

type Bytes = (String, Vec<u8>, Value);

#[derive(Default)]
struct Log {
    rows: Vec<Row>,
    streams: HashMap<Arc<str>, Vec<usize>>,
    snapshots: HashMap<String, Bytes>,
    subscribers: HashMap<String, (Ulid, Option<Value>)>,
    stamp: u64,
}

impl Log {
    /// Those after the cursor, in its order: every write has a stamp of its own, so this is the order of the log.
    fn after<'r>(
        &'r self,
        filters: Option<&[EventFilter]>,
        cursor: Option<&Value>,
    ) -> anyhow::Result<Box<dyn Iterator<Item = &'r Row> + 'r>> {
        let cursor = cursor.map(evento::Event::deserialize_cursor).transpose()?;
        let id = filters.and_then(|filters| {
            let (first, others) = filters.split_first()?;
            let id = first.aggregate_id.as_deref()?;
            others.iter().all(|other| other.aggregate_id.as_deref() == Some(id)).then_some(id)
        });
        Ok(match id {
            Some(id) => {
                let places = self.streams.get(id).map_or(&[][..], Vec::as_slice);
                let seen = cursor.map_or(0, |cursor| usize::from(cursor.v)).min(places.len());
                Box::new(places[seen..].iter().map(|&place| &self.rows[place]))
            }
            None => {
                let seen = cursor.map_or(0, |cursor| {
                    let last = (cursor.t * 1_000 + u64::from(cursor.s), cursor.v);
                    self.rows.partition_point(|row| (row.stamp, row.version) <= last)
                });
                Box::new(self.rows[seen..].iter())
            }
        })
    }
}

/// One type of aggregate and one tenant, read forwards; no routing keys.
#[derive(Clone, Default)]
struct Rows(Arc<RwLock<Log>>);

fn snapshot_key(projection: &str, id: &str) -> String {
    format!("{projection},{id}")
}

#[async_trait]
impl Executor for Rows {
    async fn write(&self, events: Vec<evento::Event>) -> Result<(), WriteError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64;
        let mut log = self.0.write().expect("nobody panics");
        let log = &mut *log;
        log.stamp = now.max(log.stamp + 1);
        for event in events {
            if !log.streams.contains_key(event.aggregate_id.as_str()) {
                log.streams.insert(event.aggregate_id.as_str().into(), Vec::new());
            }
            let (id, _) = log.streams.get_key_value(event.aggregate_id.as_str()).expect("it is there now");
            let stream = Arc::clone(id);
            let places = log.streams.get_mut(&stream).expect("it is there now");
            if places.len() + 1 != usize::from(event.version) {
                return Err(WriteError::InvalidOriginalVersion);
            }
            places.push(log.rows.len());
            let metadata = bitcode::encode(&event.metadata);
            let evento::Event { id, version, name, data, .. } = event;
            log.rows.push(Row { id, stream, version, name, data, metadata, stamp: log.stamp });
        }
        Ok(())
    }

    async fn read(
        &self,
        filters: Option<Arc<[EventFilter]>>,
        _: Option<RoutingKey>,
        _: TenantFilter,
        args: Args,
        _: Option<u64>,
    ) -> anyhow::Result<ReadResult<evento::Event>> {
        anyhow::ensure!(!args.is_backward(), "this store is read forwards");
        let (limit, cursor) = args.get_info();
        let log = self.0.read().expect("nobody panics");
        let is_asked = |row: &&Row| {
            let has_name = |filter: &EventFilter| filter.name.as_ref().is_none_or(|name| *name == row.name);
            filters.as_deref().is_none_or(|filters| filters.iter().any(has_name))
        };
        let mut found = log.after(filters.as_deref(), cursor.as_ref())?.filter(is_asked);
        let read = |row: &Row| {
            let node = row.read()?;
            Ok(Edge { cursor: node.serialize_cursor()?, node })
        };
        let edges: Vec<_> = found.by_ref().take(usize::from(limit)).map(read).collect::<anyhow::Result<_>>()?;
        let page_info = PageInfo {
            has_next_page: found.next().is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
            ..PageInfo::default()
        };
        Ok(ReadResult { edges, page_info })
    }

    async fn stream_routing_key(&self, _: String, _: String, id: String) -> anyhow::Result<Option<Option<String>>> {
        Ok(self.0.read().expect("nobody panics").streams.contains_key(id.as_str()).then_some(None))
    }

    async fn latest_timestamp(
        &self,
        _: Option<Arc<[EventFilter]>>,
        _: Option<RoutingKey>,
        _: TenantFilter,
    ) -> anyhow::Result<u64> {
        Ok(self.0.read().expect("nobody panics").stamp / 1_000)
    }

    async fn get_subscriber_cursor(&self, key: String) -> anyhow::Result<Option<Value>> {
        let log = self.0.read().expect("nobody panics");
        Ok(log.subscribers.get(&key).and_then(|(_, cursor)| cursor.clone()))
    }

    async fn is_subscriber_running(&self, key: String, worker: Ulid) -> anyhow::Result<bool> {
        Ok(self.0.read().expect("nobody panics").subscribers.get(&key).is_some_and(|(id, _)| *id == worker))
    }

    async fn upsert_subscriber(&self, key: String, worker: Ulid) -> anyhow::Result<()> {
        self.0.write().expect("nobody panics").subscribers.entry(key).or_default().0 = worker;
        Ok(())
    }

    async fn acknowledge(&self, key: String, worker: Ulid, cursor: Value, _: u64) -> anyhow::Result<bool> {
        let mut log = self.0.write().expect("nobody panics");
        let subscriber = log.subscribers.get_mut(&key).filter(|(id, _)| *id == worker);
        Ok(subscriber.map(|(_, seen)| *seen = Some(cursor)).is_some())
    }

    async fn get_snapshot(
        &self,
        _: String,
        _: String,
        projection: String,
        revision: String,
        id: String,
    ) -> anyhow::Result<Option<(Vec<u8>, Value)>> {
        let log = self.0.read().expect("nobody panics");
        let kept = log.snapshots.get(&snapshot_key(&projection, &id)).filter(|(kept, ..)| *kept == revision);
        Ok(kept.map(|(_, bytes, cursor)| (bytes.clone(), cursor.clone())))
    }

    async fn save_snapshot(
        &self,
        _: String,
        _: String,
        projection: String,
        revision: String,
        id: String,
        bytes: Vec<u8>,
        cursor: Value,
    ) -> anyhow::Result<()> {
        let key = snapshot_key(&projection, &id);
        self.0.write().expect("nobody panics").snapshots.insert(key, (revision, bytes, cursor));
        Ok(())
    }

    async fn delete_snapshot(&self, _: String, _: String, projection: String, id: String) -> anyhow::Result<()> {
        self.0.write().expect("nobody panics").snapshots.remove(&snapshot_key(&projection, &id));
        Ok(())
    }
}

#[derive(Clone)]
pub(crate) struct Evento {
    rows: Rows,
    snapshots: bool,
}

impl Evento {
    /// A projection is built for each load, since a load takes it.
    async fn load<V: View>(&self, id: &str) -> V {
        let projection = Projection::<Rows, V>::new::<Ledger>()
            .handler(Applied::<Opened>::new())
            .handler(Applied::<Deposited>::new())
            .handler(Applied::<Withdrawn>::new())
            .handler(Applied::<Closed>::new());
        let loaded = projection.load(id).execute(&self.rows).await;
        loaded.expect("the stream is read").unwrap_or_default()
    }

    async fn execute_on<V: View>(&self, id: &str, order: Order) {
        let mut view = self.load::<V>(id).await;
        let version = view.get_aggregate_version();
        let fact = view.account().decide(order).expect("the script breaks no rule");
        let mut write = evento::append(id);
        add(write.original_version(version), fact);
        write.commit(&self.rows).await.expect("nobody else appends");
    }
}

/// The builder of a write that begins after so many events.
///
/// # Panics
/// If the stream is longer than its versions count.
fn after(id: &str, seen: usize, more: usize) -> WriteBuilder {
    let longest = u16::MAX;
    assert!(seen + more <= usize::from(longest), "a stream has {longest} events at most");
    let mut write = evento::append(id);
    write.original_version(seen as u16);
    write
}

#[evento::subscription]
async fn sum_deposited<E: Executor>(context: &Context<'_, E>, event: Event<Deposited>) -> anyhow::Result<()> {
    let balances: Arc<Mutex<Balances>> = context.extract();
    balances.lock().expect("nobody panics").add(&event.aggregate_id, event.data.amount);
    Ok(())
}

#[evento::subscription]
async fn sum_withdrawn<E: Executor>(context: &Context<'_, E>, event: Event<Withdrawn>) -> anyhow::Result<()> {
    let balances: Arc<Mutex<Balances>> = context.extract();
    balances.lock().expect("nobody panics").subtract(&event.aggregate_id, event.data.amount);
    Ok(())
}

impl Peer for Evento {
    const KEEPS_STATE: bool = true;

    fn new() -> Self {
        Self { rows: Rows::default(), snapshots: false }
    }

    fn with_snapshots() -> Option<Self> {
        Some(Self { snapshots: true, ..Self::new() })
    }

    async fn execute(&self, id: &str, order: Order) {
        if self.snapshots {
            self.execute_on::<Restored>(id, order).await;
        } else {
            self.execute_on::<Replayed>(id, order).await;
        }
    }

    async fn execute_cached(&self, id: &str, order: Order) {
        self.execute_on::<Kept>(id, order).await;
    }

    async fn balance(&self, id: &str) -> u64 {
        self.load::<Replayed>(id).await.account.balance
    }

    async fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) {
        let mut write = after(id, seen, facts.len());
        facts.into_iter().for_each(|fact| add(&mut write, fact));
        write.commit(&self.rows).await.expect("nobody else appends");
    }

    async fn append_old(&self, id: &str, deposits: Vec<MoneyDepositedV1>) -> bool {
        let seen = self.rows.0.read().expect("nobody panics").streams.get(id).map_or(0, Vec::len);
        let mut write = after(id, seen, deposits.len());
        for MoneyDepositedV1 { amt, reference, counterparty } in deposits {
            write.event(&DepositedV1 { amt, reference, counterparty });
        }
        write.commit(&self.rows).await.expect("nobody else appends");
        true
    }

    async fn project(&self) -> Option<u64> {
        let balances = Arc::<Mutex<Balances>>::default();
        let mut summing = SubscriptionBuilder::new("balances")
            .data(Arc::clone(&balances))
            .handler(sum_deposited())
            .handler(sum_withdrawn());
        summing.run_once(&self.rows).await.expect("the log is read");
        let total = balances.lock().expect("nobody panics").total();
        Some(total)
    }
}
