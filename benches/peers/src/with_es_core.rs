//! es-core with its memory store.

use es_core::store::EventStore;
use es_core::{Clock, Position};
use es_core::{
    Codec, EventId, EventName, EventSet, ExpectedVersion, IdSource, Json, Metadata, NewEvent, ProjectionRunner,
    Repository, StreamId, SystemClock, Timestamp, UuidV7, Version,
};
use es_memory_store::MemoryStore;

use crate::domain::{Account, AccountEvent, Balances};
use crate::measure::{Sample, Watch, repetitions};
use crate::peer::{ShortStreams, eight_tasks};
use crate::script::{self, BATCH, COMMANDS};
use crate::workload::Workload;

type Accounts<C> = Repository<Account, MemoryStore, C>;

/// Everything a program has that appends events without a command.
struct Appender<C> {
    store: MemoryStore,
    codec: C,
    ids: UuidV7,
}

impl<C: Codec> Appender<C> {
    fn new_event(&self, name: EventName, schema_version: u32, payload: Vec<u8>, now: Timestamp) -> NewEvent {
        let payload = payload.into_boxed_slice().into();
        let id = EventId::new(self.ids.next_id(now));
        NewEvent { id, name, schema_version, recorded_at: now, metadata: Metadata::new(), payload }
    }

    async fn append(&self, stream: &StreamId, seen: usize, events: impl Iterator<Item = AccountEvent>) {
        let now = SystemClock.now();
        let encoded = |event: AccountEvent| {
            let payload = event.encode(&self.codec).expect("an event is encoded");
            self.new_event(event.name(), event.schema_version(), payload, now)
        };
        let expected = ExpectedVersion::Exact(Version::new(seen as u64));
        self.store.append(stream, expected, events.map(encoded).collect()).await.expect("nobody else appends");
    }

    async fn fill(&self, events: usize) {
        let stream = StreamId::new("account", "ada").expect("a valid id");
        for seen in (0..events).step_by(1_000) {
            self.append(&stream, seen, (seen..events.min(seen + 1_000)).map(script::event)).await;
        }
    }

    async fn fill_with_old(&self, events: usize) {
        let stream = StreamId::new("account", "ada").expect("a valid id");
        for seen in (0..events).step_by(1_000) {
            let old = (seen..events.min(seen + 1_000)).map(|n| {
                let payload = self.codec.encode(&script::deposited_long_ago(n)).expect("an event is encoded");
                self.new_event(EventName::from_static("money-deposited"), 1, payload, SystemClock.now())
            });
            self.store.append(&stream, ExpectedVersion::Any, old.collect()).await.expect("nobody else appends");
        }
    }

    async fn append_all(&self, events: usize) {
        let streams = script::streams(events);
        let ids: Vec<_> = (0..streams).map(|n| StreamId::new("account", script::id(n)).expect("a valid id")).collect();
        for batch in 0..events / BATCH {
            let (stream, seen) = (&ids[batch % streams], batch / streams * BATCH);
            self.append(stream, seen, (seen..seen + BATCH).map(script::event)).await;
        }
    }
}

/// A new store for each repetition.
fn banks<C: Codec>(codec: &C, streams: usize) -> Vec<(MemoryStore, Accounts<C>)> {
    let bank = || {
        let store = MemoryStore::new();
        (store.clone(), Accounts::with_codec(store, codec.clone()))
    };
    (0..repetitions(streams * COMMANDS)).map(|_| bank()).collect()
}

impl<C: Codec> ShortStreams for Accounts<C> {
    async fn short_stream(&self, stream: usize) {
        let id = script::id(stream);
        self.execute(&id, script::open(stream)).await.expect("the script breaks no rule");
        self.execute(&id, script::deposit(1)).await.expect("the script breaks no rule");
        self.execute(&id, script::deposit(2)).await.expect("the script breaks no rule");
        self.execute(&id, script::withdraw(3)).await.expect("the script breaks no rule");
        self.execute(&id, script::deposit(4)).await.expect("the script breaks no rule");
    }
}

/// With JSON, the default.
pub fn json(workload: Workload, size: usize) -> Option<Sample> {
    run(Json, workload, size)
}

/// With the compact codec.
pub fn compact(workload: Workload, size: usize) -> Option<Sample> {
    run(es_compact::Compact::of::<AccountEvent>().expect("the events can be read back"), workload, size)
}

fn run<C: Codec>(codec: C, workload: Workload, size: usize) -> Option<Sample> {
    let tasks = matches!(workload, Workload::EightTasks);
    let runtime = if tasks {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()
    } else {
        tokio::runtime::Builder::new_current_thread().build()
    };
    runtime.expect("a runtime").block_on(measured(codec, workload, size))
}

async fn measured<C: Codec>(codec: C, workload: Workload, size: usize) -> Option<Sample> {
    let store = MemoryStore::new();
    let accounts = Accounts::with_codec(store.clone(), codec.clone());
    let appender = Appender { store: store.clone(), codec: codec.clone(), ids: UuidV7::default() };
    Some(match workload {
        Workload::Replay => {
            appender.fill(size).await;
            replays(&accounts, size).await
        }
        Workload::OldVersions => {
            appender.fill_with_old(size).await;
            replays(&accounts, size).await
        }
        Workload::Commands => {
            let banks = banks(&codec, size);
            let watch = Watch::start();
            for (_, accounts) in &banks {
                for stream in 0..size {
                    accounts.short_stream(stream).await;
                }
            }
            let sample = watch.stop(size * COMMANDS * banks.len(), 0);
            Sample { check: total(banks[0].0.clone(), codec).await, ..sample }
        }
        Workload::EightTasks => {
            let banks = banks(&codec, size);
            let watch = Watch::start();
            for (_, accounts) in &banks {
                eight_tasks(accounts, size).await;
            }
            let sample = watch.stop(size * COMMANDS * banks.len(), 0);
            Sample { check: total(banks[0].0.clone(), codec).await, ..sample }
        }
        Workload::Long => {
            appender.fill(size).await;
            long(accounts, script::long_commands(workload)).await
        }
        Workload::LongSnapshots => {
            appender.fill(size).await;
            long(accounts.with_snapshots(), script::long_commands(workload)).await
        }
        Workload::LongCached => {
            appender.fill(size).await;
            long(accounts.with_cache(100), script::long_commands(workload)).await
        }
        Workload::Append | Workload::Memory => {
            let watch = Watch::start();
            appender.append_all(size).await;
            watch.stop(
                size,
                store.read_log(es_core::store::ReadLog::after(Position::START).limit(1)).await.ok()?.head.get(),
            )
        }
        Workload::Project => {
            appender.append_all(size).await;
            let balances = ProjectionRunner::with_codec(store, codec, Balances::default(), Position::START);
            let watch = Watch::start();
            balances.catch_up().await.expect("the log is read");
            let sample = watch.stop(size, 0);
            Sample { check: balances.read(|balances, _| balances.total()), ..sample }
        }
    })
}

async fn replays<C: Codec>(accounts: &Accounts<C>, size: usize) -> Sample {
    let mut balance = accounts.load("ada").await.expect("the stream is read").state().balance;
    let repetitions = repetitions(size);
    let watch = Watch::start();
    for _ in 0..repetitions {
        balance = accounts.load("ada").await.expect("the stream is read").state().balance;
    }
    watch.stop(size * repetitions, balance)
}

async fn long<C: Codec>(accounts: Accounts<C>, commands: usize) -> Sample {
    accounts.execute("ada", script::deposit(0)).await.expect("the script breaks no rule");
    let watch = Watch::start();
    for n in 0..commands {
        if n % 2 == 0 {
            accounts.execute("ada", script::deposit(n)).await.expect("the script breaks no rule");
        } else {
            accounts.execute("ada", script::withdraw(n)).await.expect("the script breaks no rule");
        }
    }
    let sample = watch.stop(commands, 0);
    Sample { check: accounts.load("ada").await.expect("the stream is read").state().balance, ..sample }
}

async fn total<C: Codec>(store: MemoryStore, codec: C) -> u64 {
    let balances = ProjectionRunner::with_codec(store, codec, Balances::default(), Position::START);
    balances.catch_up().await.expect("the log is read");
    balances.read(|balances, _| balances.total())
}
