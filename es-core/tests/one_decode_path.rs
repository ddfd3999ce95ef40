//! Every path on which a stored event is read goes through the same decoding: a stream that holds every version, a former
//! name, a split and a retired event reads the same wherever it is read.

use es_core::copy::{CopyOptions, copy_transform};
use es_core::store::{Delivery, EventFilter, EventStore, ReadLog, Snapshot, SnapshotStore, Subscription};
use es_core::{
    Aggregate, Answer, Apply, Command, Event, EventId, EventName, EventSet, Events, ExpectedVersion, Json, LoadError,
    Metadata, NewEvent, Position, Project, Projection, ProjectionError, ProjectionRunner, Query, RecordedEvent,
    Repository, Snapshotted, SplitInto, StreamId, Timestamp, Version, events,
};
use es_memory_store::MemoryStore;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited", version = 3, alias = "money-paid-in")]
#[upcast(1 => 2, change(amount: String => amount.parse()?))]
#[upcast(2 => 3, add(currency = "EUR"))]
struct Deposited {
    amount: i64,
    currency: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-withdrawn")]
struct Withdrawn {
    amount: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "paid-with-fee")]
struct PaidWithFee {
    amount: i64,
    fee: i64,
}

impl SplitInto<AccountEvent> for PaidWithFee {
    fn split(self) -> Events<AccountEvent> {
        events![Withdrawn { amount: self.amount }, Withdrawn { amount: self.fee }]
    }
}

#[derive(Debug, Clone, Command)]
#[command(aggregate = Account, emits = Deposited { amount: state.balance, currency: "USD".into() })]
struct Double {}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible, commands(Double),
    events(Deposited, Withdrawn), split(PaidWithFee), retired("statement-printed"), snapshot(every = 1),
)]
struct Account {
    balance: i64,
    euros: i64,
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: Deposited) {
        self.balance += event.amount;
        self.euros += i64::from(event.currency == "EUR");
    }
}

impl Apply<Withdrawn> for Account {
    fn apply(&mut self, event: Withdrawn) {
        self.balance -= event.amount;
    }
}

/// Amounts in the order of the log, with the position of the stored event.
#[derive(Debug, Default, Clone, PartialEq, Projection)]
#[projection(name = "movements", events(Deposited, Withdrawn), split(PaidWithFee = AccountEvent(Withdrawn)))]
struct Movements(Vec<(u64, i64)>);

impl Project<Deposited> for Movements {
    fn project(&mut self, event: Deposited, recorded: &RecordedEvent) {
        self.0.push((recorded.position.get(), event.amount));
    }
}

impl Project<Withdrawn> for Movements {
    fn project(&mut self, event: Withdrawn, recorded: &RecordedEvent) {
        self.0.push((recorded.position.get(), -event.amount));
    }
}

struct GetMovements;

impl Query for GetMovements {
    type Answer = Vec<(u64, i64)>;
}

impl Answer<GetMovements> for Movements {
    fn answer(&self, _: GetMovements) -> Vec<(u64, i64)> {
        self.0.clone()
    }
}

const STORED: [(&str, u32, &str); 7] = [
    ("money-deposited", 1, r#"{"amount":"100"}"#),
    ("money-paid-in", 2, r#"{"amount":50}"#),
    ("statement-printed", 7, "whatever it was"),
    ("money-deposited", 3, r#"{"amount":7,"currency":"USD"}"#),
    ("paid-with-fee", 1, r#"{"amount":20,"fee":1}"#),
    ("money-withdrawn", 1, r#"{"amount":6}"#),
    ("statement-printed", 1, ""),
];

const MOVEMENTS: [(u64, i64); 6] = [(1, 100), (2, 50), (4, 7), (5, -20), (5, -1), (6, -6)];

/// Balance and number of deposits in euros after each stored event.
const STATES: [(i64, i64); 8] = [(0, 0), (100, 1), (150, 2), (150, 2), (157, 2), (136, 2), (130, 2), (130, 2)];

fn stored(number: usize, (name, schema_version, payload): (&str, u32, &'static str)) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(number as u128)),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::from_micros(i64::try_from(number).unwrap()),
        metadata: Metadata::new(),
        payload: payload.as_bytes().into(),
    }
}

async fn history() -> MemoryStore {
    let store = MemoryStore::new();
    let events = (1..).zip(STORED).map(|(number, event)| stored(number, event)).collect();
    store.append(&"account-ada".parse::<StreamId>().unwrap(), ExpectedVersion::NoStream, events).await.unwrap();
    store
}

fn state((balance, euros): (i64, i64)) -> Account {
    Account { balance, euros }
}

#[tokio::test]
async fn load_and_time_travel() {
    let accounts = Repository::<Account, _>::new(history().await);
    let loaded = accounts.load("ada").await.unwrap();
    assert_eq!(
        (loaded.state(), loaded.version(), loaded.position()),
        (&state(STATES[7]), Version::new(7), Position::new(7))
    );
    for (number, expected) in (0..).zip(STATES) {
        let moments = [
            accounts.load_at("ada", Version::new(number)).await.unwrap(),
            accounts.load_at("ada", Position::new(number)).await.unwrap(),
            accounts.load_at("ada", Timestamp::from_micros(i64::try_from(number).unwrap())).await.unwrap(),
        ];
        for loaded in moments {
            assert_eq!((loaded.state(), loaded.version()), (&state(expected), Version::new(number)));
        }
    }
}

#[tokio::test]
async fn execute_and_what_it_writes() {
    let store = history().await;
    let accounts = Repository::<Account, _>::new(store.clone());
    let mut at_hand = accounts.load_at("ada", 3).await.unwrap();
    let done = accounts.execute_on(&mut at_hand, Double {}, Metadata::new()).await.unwrap();
    assert_eq!((done.version, at_hand.state()), (Version::new(8), &state(STATES[7])), "the tail was read as well");
    let done = accounts.execute("ada", Double {}).await.unwrap();
    assert_eq!(done.version, Version::new(9));
    accounts.refresh(&mut at_hand).await.unwrap();
    assert_eq!(at_hand.state().balance, 520);
    for written in store.read_log(ReadLog::after(Position::new(7))).await.unwrap().events {
        assert_eq!((written.name.as_str(), written.schema_version), ("money-deposited", 3));
    }
}

/// A snapshot after every event in turn, with everything that is old in its tail.
#[tokio::test]
async fn the_tail_of_every_snapshot_and_of_every_remembered_state() {
    let store = history().await;
    let stored = store.read_log(ReadLog::after(Position::START)).await.unwrap().events;
    for cut in 1..=7 {
        let accounts = Repository::<Account, _>::new(store.clone());
        let (event, before) = (&stored[cut - 1], accounts.load_at("ada", cut as u64).await.unwrap());
        let snapshot = Snapshot {
            stream: event.stream.clone(),
            version: event.version,
            position: event.position,
            event_id: event.id,
            recorded_at: event.recorded_at,
            latest_at: event.recorded_at,
            fingerprint: Account::snapshot_fingerprint::<Json>(),
            payload: before.state().encode_state(&Json).unwrap().into(),
            taken_at: event.recorded_at,
        };
        store.delete_snapshots(&event.stream).await.unwrap();
        store.save_snapshot(snapshot).await.unwrap();
        let accounts = accounts.with_snapshots().on_snapshot_failure(|failure| panic!("{failure}")).with_cache(10);
        for (number, expected) in (0..).zip(STATES).skip(cut) {
            let loaded = accounts.load_at("ada", Version::new(number)).await.unwrap();
            assert_eq!((loaded.state(), loaded.version()), (&state(expected), Version::new(number)), "cut at {cut}");
        }
        for way in ["from the snapshot", "from what is remembered"] {
            let loaded = accounts.load("ada").await.unwrap();
            assert_eq!((loaded.state(), loaded.version()), (&state(STATES[7]), Version::new(7)), "{way}, cut at {cut}");
        }
    }
}

#[tokio::test]
async fn what_a_snapshot_is_taken_of() {
    let store = history().await;
    let accounts = Repository::<Account, _>::new(store.clone()).with_snapshots();
    for cached in [accounts.clone(), accounts.clone().with_cache(10)] {
        for _ in 0..2 {
            let done = cached.execute("ada", Double {}).await.unwrap();
            let kept = store.load_snapshot(&done.stream, Account::snapshot_fingerprint::<Json>(), Version::MAX).await;
            let kept = kept.unwrap().unwrap();
            let whole = Repository::<Account, _>::new(store.clone()).load("ada").await.unwrap();
            assert_eq!(
                (kept.version, Account::decode_state(&Json, &kept.payload).unwrap()),
                (done.version, whole.into_state())
            );
        }
    }
}

#[tokio::test]
async fn projections_from_the_start_and_from_every_checkpoint() {
    let store = history().await;
    let whole = ProjectionRunner::new(store.clone(), Movements::default());
    assert_eq!(whole.catch_up().await.unwrap(), Position::new(7));
    assert_eq!(whole.query(GetMovements), MOVEMENTS);
    for checkpoint in 0..=7 {
        let kept = Movements(MOVEMENTS.into_iter().filter(|(position, _)| *position <= checkpoint).collect());
        let resumed = ProjectionRunner::resume(store.clone(), kept, Position::new(checkpoint));
        resumed.wait_for(Position::new(7)).await.unwrap();
        assert_eq!(resumed.query(GetMovements), MOVEMENTS, "from {checkpoint}");
    }
}

/// What subscribers and exports hand on is decoded by whoever receives it, and there is one way to do that.
#[tokio::test]
async fn subscriptions_and_exports() {
    let store = history().await;
    let exported = MemoryStore::new();
    copy_transform(&store, &exported, |event| Ok(Events::one(event)), CopyOptions::new()).await.unwrap();
    for (store, is_typed) in [(&store, false), (&store, true), (&exported, false), (&exported, true)] {
        let mut subscription = Subscription::new(store.clone(), Position::START);
        if is_typed {
            subscription = subscription.filter(EventFilter::of::<AccountEvent>());
        }
        let (mut received, mut account) = (Vec::new(), Account::default());
        loop {
            let event = match subscription.next().await.unwrap() {
                Delivery::Event(event) => event,
                Delivery::Advanced(_) => continue,
                Delivery::CaughtUp(position) => {
                    assert_eq!(position, Position::new(7));
                    break;
                }
            };
            received.push(event.version.get());
            for event in AccountEvent::decode(&Json, &event).unwrap() {
                account.apply_event(event);
            }
            assert_eq!(account, state(STATES[usize::try_from(event.version.get()).unwrap()]));
        }
        // A filter by type takes former names and split events too; retired events mean nothing any more.
        assert_eq!(received, if is_typed { vec![1, 2, 4, 5, 6] } else { (1..=7).collect() });
        assert_eq!(account, state(STATES[7]));
    }
}

#[tokio::test]
async fn what_cannot_be_read_fails_on_every_path_at_the_same_place() {
    let store = history().await;
    let unreadable = stored(8, ("money-paid-in", 1, r#"{"amount":"many"}"#));
    store.append(&"account-ada".parse::<StreamId>().unwrap(), ExpectedVersion::Any, vec![unreadable]).await.unwrap();
    let accounts = Repository::<Account, _>::new(store.clone());
    let movements = ProjectionRunner::new(store, Movements::default());
    let Err(LoadError::Decode(loading)) = accounts.load("ada").await else { panic!("it was loaded") };
    let Err(ProjectionError::Decode(projecting)) = movements.catch_up().await else { panic!("it was projected") };
    let executing = accounts.execute("ada", Double {}).await.unwrap_err();
    for told in [loading.to_string(), projecting.to_string(), executing.to_string()] {
        assert_eq!(
            told,
            "event 8 of stream `account-ada` cannot be read: the upcast of `money-paid-in` from version 1 failed"
        );
    }
    assert_eq!(movements.checkpoint(), Position::new(7));
}
