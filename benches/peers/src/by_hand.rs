//! The limit: what the workloads cost when they are written out by hand, on vectors of bytes, with serde_json.
//!
//! It keeps versions of streams, but neither ids, times nor metadata, unless it is said to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use bytes::Bytes;
use es_core::{Aggregate, Apply};

use crate::beside::{Beside, Circumstances};
use crate::domain::{
    Account, AccountError, AccountEvent, AccountOpened, Balances, Deposit, MoneyDeposited, MoneyDepositedV1,
    MoneyDepositedV2, OpenAccount, Withdraw, deposited, withdrawn,
};
use crate::measure::{Sample, Watch, repetitions};
use crate::script::{self, BATCH, COMMANDS};
use crate::workload::Workload;

const SNAPSHOT_EVERY: usize = 200;

/// How bytes are made: the only thing in which the limits differ.
trait Format: Default + Send + Sync + 'static {
    fn encode<T: serde::Serialize>(value: &T) -> Vec<u8>;
    fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T;
}

#[derive(Default)]
struct Json;

impl Format for Json {
    fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
        serde_json::to_vec(value).expect("an event is JSON")
    }

    #[inline]
    fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T {
        serde_json::from_slice(bytes).expect("what was encoded is read")
    }
}

#[derive(Default)]
struct Postcard;

impl Format for Postcard {
    fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
        postcard::to_stdvec(value).expect("an event is postcard")
    }

    #[inline]
    fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T {
        postcard::from_bytes(bytes).expect("what was encoded is read")
    }
}

#[derive(Default)]
struct Cbor;

impl Format for Cbor {
    fn encode<T: serde::Serialize>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        ciborium::into_writer(value, &mut bytes).expect("an event is CBOR");
        bytes
    }

    #[inline]
    fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> T {
        ciborium::from_reader(bytes).expect("what was encoded is read")
    }
}

struct Stored<W> {
    _beside: W,
    stream: Arc<str>,
    name: &'static str,
    version: u32,
    payload: Bytes,
}

struct Log<W> {
    events: Vec<Stored<W>>,
    streams: HashMap<Arc<str>, Vec<usize>>,
}

struct Bank<F, W: Beside> {
    log: RwLock<Log<W>>,
    source: W::Source,
    snapshots: Mutex<HashMap<String, (usize, Vec<u8>)>>,
    cache: Mutex<HashMap<String, (usize, Account)>>,
    format: std::marker::PhantomData<F>,
}

impl<F, W: Beside> Default for Bank<F, W> {
    fn default() -> Self {
        Self {
            log: RwLock::new(Log { events: Vec::new(), streams: HashMap::new() }),
            source: W::Source::default(),
            snapshots: Mutex::default(),
            cache: Mutex::default(),
            format: std::marker::PhantomData,
        }
    }
}

#[derive(Clone)]
enum Command {
    Open(OpenAccount),
    Deposit(Deposit),
    Withdraw(Withdraw),
}

fn decide(account: &Account, command: Command) -> Result<AccountEvent, AccountError> {
    match command {
        Command::Open(OpenAccount { owner, iban, branch }) => Ok(AccountOpened { owner, iban, branch }.into()),
        Command::Deposit(command) => deposited(command).map(AccountEvent::from),
        Command::Withdraw(command) => withdrawn(account, command).map(AccountEvent::from),
    }
}

/// Name, version, payload, and what is recorded beside them.
type Encoded<W> = (&'static str, u32, Bytes, W);

fn encoded<F: Format, W>(event: &AccountEvent, beside: W) -> Encoded<W> {
    match event {
        AccountEvent::AccountOpened(event) => ("account-opened", 1, F::encode(event).into(), beside),
        AccountEvent::MoneyDeposited(event) => ("money-deposited", 3, F::encode(event).into(), beside),
        AccountEvent::MoneyWithdrawn(event) => ("money-withdrawn", 1, F::encode(event).into(), beside),
        AccountEvent::AccountClosed(event) => ("account-closed", 1, F::encode(event).into(), beside),
    }
}

fn replay<F: Format, W>(account: &mut Account, stored: &Stored<W>) {
    let payload = &stored.payload[..];
    match (stored.name, stored.version) {
        ("account-opened", 1) => account.apply(F::decode::<AccountOpened>(payload)),
        ("money-deposited", 3) => account.apply(F::decode::<MoneyDeposited>(payload)),
        ("money-deposited", 2) => account.apply(MoneyDeposited::from(F::decode::<MoneyDepositedV2>(payload))),
        ("money-deposited", 1) => {
            let old = MoneyDepositedV2::from(F::decode::<MoneyDepositedV1>(payload));
            account.apply(MoneyDeposited::from(old));
        }
        ("money-withdrawn", 1) => account.apply(F::decode::<crate::domain::MoneyWithdrawn>(payload)),
        ("account-closed", 1) => account.apply(F::decode::<crate::domain::AccountClosed>(payload)),
        (name, version) => panic!("{name} {version}"),
    }
}

impl<W> Log<W> {
    fn append(&mut self, id: &str, expected: usize, events: impl IntoIterator<Item = Encoded<W>>) {
        if !self.streams.contains_key(id) {
            self.streams.insert(id.into(), Vec::new());
        }
        let (key, _) = self.streams.get_key_value(id).expect("it is there now");
        let stream = Arc::clone(key);
        let places = self.streams.get_mut(id).expect("it is there now");
        assert_eq!(places.len(), expected, "a conflict");
        for (name, version, payload, beside) in events {
            places.push(self.events.len());
            self.events.push(Stored { stream: Arc::clone(&stream), name, version, payload, _beside: beside });
        }
    }
}

impl<F: Format, W: Beside> Bank<F, W> {
    /// The event of a command as it is stored.
    fn stored(&self, event: &AccountEvent) -> Encoded<W> {
        let shared = W::shared(&self.source, true);
        encoded::<F, W>(event, W::of(&self.source, &shared))
    }

    /// The events of a batch as they are stored.
    fn batch(&self, events: impl Iterator<Item = usize>) -> Vec<Encoded<W>> {
        let shared = W::shared(&self.source, false);
        events.map(|n| encoded::<F, W>(&script::event(n), W::of(&self.source, &shared))).collect()
    }

    /// Folds on from where the account stands, and returns the version.
    fn fold(&self, id: &str, account: &mut Account, seen: usize) -> usize {
        let log = self.log.read().expect("nobody panics");
        let Some(places) = log.streams.get(id) else { return 0 };
        for &place in &places[seen..] {
            replay::<F, W>(account, &log.events[place]);
        }
        places.len()
    }

    fn execute(&self, id: &str, command: Command) -> Result<(), AccountError> {
        let mut account = Account::default();
        let version = if matches!(command, Command::Open(_)) { 0 } else { self.fold(id, &mut account, 0) };
        let event = decide(&account, command)?;
        let event = self.stored(&event);
        self.log.write().expect("nobody panics").append(id, version, [event]);
        Ok(())
    }

    fn execute_from_snapshot(&self, id: &str, command: Command) -> Result<(), AccountError> {
        let snapshot = self.snapshots.lock().expect("nobody panics").get(id).cloned();
        let (seen, mut account) = match snapshot {
            Some((version, bytes)) => (version, F::decode(&bytes)),
            None => (0, Account::default()),
        };
        let version = self.fold(id, &mut account, seen);
        let event = decide(&account, command)?;
        let stored = self.stored(&event);
        self.log.write().expect("nobody panics").append(id, version, [stored]);
        if (version + 1) / SNAPSHOT_EVERY > seen / SNAPSHOT_EVERY {
            account.apply_event(event);
            self.snapshots.lock().expect("nobody panics").insert(id.to_owned(), (version + 1, F::encode(&account)));
        }
        Ok(())
    }

    fn execute_cached(&self, id: &str, command: Command) -> Result<(), AccountError> {
        let mut cache = self.cache.lock().expect("nobody panics");
        if !cache.contains_key(id) {
            let mut account = Account::default();
            let version = self.fold(id, &mut account, 0);
            cache.insert(id.to_owned(), (version, account));
        }
        let (version, account) = cache.get_mut(id).expect("it is there now");
        let event = decide(account, command)?;
        let stored = self.stored(&event);
        self.log.write().expect("nobody panics").append(id, *version, [stored]);
        *version += 1;
        account.apply_event(event);
        Ok(())
    }

    fn fill(&self, events: usize) {
        let events = self.batch(0..events);
        self.log.write().expect("nobody panics").append("ada", 0, events);
    }

    fn append_all(&self, events: usize) {
        let streams = script::streams(events);
        let ids: Vec<_> = (0..streams).map(script::id).collect();
        for batch in 0..events / BATCH {
            let (id, round) = (&ids[batch % streams], batch / streams);
            let events = self.batch(round * BATCH..(round + 1) * BATCH);
            self.log.write().expect("nobody panics").append(id, round * BATCH, events);
        }
    }

    fn project(&self) -> Balances {
        let log = self.log.read().expect("nobody panics");
        let mut balances = Balances::default();
        for Stored { stream, name, payload, .. } in &log.events {
            match *name {
                "money-deposited" => balances.add(stream, F::decode::<MoneyDeposited>(payload).amount),
                "money-withdrawn" => {
                    balances.subtract(stream, F::decode::<crate::domain::MoneyWithdrawn>(payload).amount);
                }
                _ => {}
            }
        }
        balances
    }

    fn short_stream(&self, stream: usize) {
        let id = script::id(stream);
        let commands = [
            Command::Open(script::open(stream)),
            Command::Deposit(script::deposit(1)),
            Command::Deposit(script::deposit(2)),
            Command::Withdraw(script::withdraw(3)),
            Command::Deposit(script::deposit(4)),
        ];
        for command in commands {
            self.execute(&id, command).expect("the script breaks no rule");
        }
    }
}

/// By hand, with JSON.
pub fn json(workload: Workload, size: usize) -> Option<Sample> {
    run::<Json, ()>(workload, size)
}

/// By hand, with JSON, and with ids, times and metadata; only what writes differs.
pub fn recorded(workload: Workload, size: usize) -> Option<Sample> {
    match workload {
        Workload::Replay | Workload::OldVersions | Workload::Project => None,
        _ => run::<Json, Circumstances>(workload, size),
    }
}

/// By hand, with postcard, a positional format.
pub fn postcard(workload: Workload, size: usize) -> Option<Sample> {
    match workload {
        // It was JSON then.
        Workload::OldVersions => None,
        _ => run::<Postcard, ()>(workload, size),
    }
}

/// By hand, with CBOR, which names its fields.
pub fn cbor(workload: Workload, size: usize) -> Option<Sample> {
    run::<Cbor, ()>(workload, size)
}

/// A new one for each repetition.
fn banks<F, W: Beside>(streams: usize) -> Vec<Bank<F, W>> {
    (0..repetitions(streams * COMMANDS)).map(|_| Bank::default()).collect()
}

fn run<F: Format, W: Beside>(workload: Workload, size: usize) -> Option<Sample> {
    let bank = Bank::<F, W>::default();
    Some(match workload {
        Workload::Replay => {
            bank.fill(size);
            replays(&bank, size)
        }
        Workload::OldVersions => {
            let shared = W::shared(&bank.source, false);
            let deposits = (0..size).map(|n| {
                let payload = F::encode(&script::deposited_long_ago(n)).into();
                ("money-deposited", 1, payload, W::of(&bank.source, &shared))
            });
            bank.log.write().expect("nobody panics").append("ada", 0, deposits);
            replays(&bank, size)
        }
        Workload::Commands => {
            let banks = banks::<F, W>(size);
            let watch = Watch::start();
            for bank in &banks {
                (0..size).for_each(|stream| bank.short_stream(stream));
            }
            watch.stop(size * COMMANDS * banks.len(), total(&banks[0]))
        }
        Workload::EightTasks => {
            let banks = banks::<F, W>(size);
            let watch = Watch::start();
            // Two threads take turns at what are eight tasks elsewhere.
            std::thread::scope(|scope| {
                for thread in 0..2 {
                    let banks = &banks;
                    scope.spawn(move || {
                        for bank in banks {
                            (thread..size).step_by(2).for_each(|stream| bank.short_stream(stream));
                        }
                    });
                }
            });
            watch.stop(size * COMMANDS * banks.len(), total(&banks[0]))
        }
        Workload::Long => long(&bank, size, script::long_commands(workload), Bank::execute),
        Workload::LongSnapshots => long(&bank, size, script::long_commands(workload), Bank::execute_from_snapshot),
        Workload::LongCached => long(&bank, size, script::long_commands(workload), Bank::execute_cached),
        Workload::Append | Workload::Memory => {
            let watch = Watch::start();
            bank.append_all(size);
            watch.stop(size, bank.log.read().expect("nobody panics").events.len() as u64)
        }
        Workload::Project => {
            bank.append_all(size);
            let watch = Watch::start();
            let balances = bank.project();
            watch.stop(size, balances.total())
        }
    })
}

fn replays<F: Format, W: Beside>(bank: &Bank<F, W>, size: usize) -> Sample {
    let replay = || {
        let mut account = Account::default();
        bank.fold("ada", &mut account, 0);
        account.balance
    };
    let (mut balance, repetitions) = (replay(), repetitions(size));
    let watch = Watch::start();
    for _ in 0..repetitions {
        balance = replay();
    }
    watch.stop(size * repetitions, balance)
}

type Execute<F, W> = fn(&Bank<F, W>, &str, Command) -> Result<(), AccountError>;

fn long<F: Format, W: Beside>(bank: &Bank<F, W>, size: usize, commands: usize, execute: Execute<F, W>) -> Sample {
    bank.fill(size);
    let execute = |command| execute(bank, "ada", command).expect("the script breaks no rule");
    // What is long was used before.
    execute(Command::Deposit(script::deposit(0)));
    let watch = Watch::start();
    for n in 0..commands {
        execute(if n % 2 == 0 { Command::Deposit(script::deposit(n)) } else { Command::Withdraw(script::withdraw(n)) });
    }
    let sample = watch.stop(commands, 0);
    let mut account = Account::default();
    bank.fold("ada", &mut account, 0);
    Sample { check: account.balance, ..sample }
}

fn total<F: Format, W: Beside>(bank: &Bank<F, W>) -> u64 {
    bank.project().total()
}
