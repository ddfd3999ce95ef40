//! What a command costs on streams of 10, 1,000 and 10,000 events: read in full, from a snapshot, and from the cache.
//!
//! `cargo run --release -p benches --bin hot-aggregates` prints microseconds for each command (the median of 21 rounds), and the
//! ratio to the shortest stream of the same line. Machines differ; the ratios are what counts.

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use es_core::{Aggregate, Apply, Command, Event, Repository};
use es_memory_store::MemoryStore;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: u32,
    currency: String,
    reference: String,
}

#[derive(Debug, Clone, Command)]
#[command(emits = MoneyDeposited)]
struct Deposit {
    amount: u32,
    currency: String,
    reference: String,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize, Aggregate)]
#[aggregate(
    name = "account", id = String, error = std::convert::Infallible,
    events(MoneyDeposited), commands(Deposit), snapshot(every = 200),
)]
struct Account {
    balance: u64,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.balance += u64::from(event.amount);
    }
}

/// How commands come to the state.
type Way = fn(MemoryStore) -> Accounts;

type Accounts = Repository<Account, MemoryStore>;

const LENGTHS: [usize; 3] = [10, 1_000, 10_000];
const ROUNDS: usize = 21;

fn deposit() -> Deposit {
    Deposit { amount: 100, currency: "EUR".to_owned(), reference: "invoice 2026-0815".to_owned() }
}

/// The memory store never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// Microseconds for one command on a stream of so many events.
fn measure(repository: Way, events: usize) -> Result<f64, Box<dyn Error>> {
    // Commands make streams longer, so a round has its own stream, and few enough commands not to matter.
    let commands = u32::try_from(events / 5)?.clamp(2, 50);
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let store = MemoryStore::new();
        let filling = repository(store.clone()).with_cache(1);
        for _ in 0..events {
            now(filling.execute("ada", deposit()))?;
        }
        let accounts = repository(store);
        // What is hot has been used before.
        now(accounts.execute("ada", deposit()))?;
        let start = Instant::now();
        for _ in 0..commands {
            now(accounts.execute("ada", deposit()))?;
        }
        rounds.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(commands));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds[ROUNDS / 2])
}

fn main() -> Result<(), Box<dyn Error>> {
    let ways: [(&str, Way); 4] = [
        ("read in full", |store| Repository::new(store)),
        ("snapshot every 200", |store| Repository::new(store).with_snapshots()),
        ("cache", |store| Repository::new(store).with_cache(10)),
        ("cache and snapshots", |store| Repository::new(store).with_snapshots().with_cache(10)),
    ];
    print!("{:<22}", "events in the stream");
    for length in LENGTHS {
        print!("{length:>20}");
    }
    println!();
    for (name, repository) in ways {
        print!("{name:<22}");
        let mut shortest = None;
        for events in LENGTHS {
            let took = measure(repository, events)?;
            let ratio = took / *shortest.get_or_insert(took);
            print!("{:>20}", format!("{took:.1} us  {ratio:>6.2}x"));
        }
        println!();
    }
    Ok(())
}
