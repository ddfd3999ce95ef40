//! What projections cost beside loops that are written by hand.
//!
//! `cargo run --release -p benches --bin projections` prints events per second, and the ratio to the loop. Machines differ;
//! the ratios are what counts. With a number as argument, the first part takes so many events in place of a million.
//!
//! - In memory: a `ProjectionRunner` catches up with the log; the loop decodes and folds the same bytes, which lie ready.
//! - In SQLite: a `ReadModel` catches up with the log, page by page, with an index; the loop reads the same pages, and
//!   upserts into a table with an index, one transaction with its checkpoint for each page.

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use es_core::store::{CheckpointName, EventStore, ReadLog};
use es_core::{
    EventId, EventName, ExpectedVersion, Metadata, NewEvent, Payload, Position, Project, ProjectRow, Projection,
    ProjectionRunner, ReadModel, RecordedEvent, StreamId, Timestamp,
};
use es_memory_store::MemoryStore;
use es_sqlite_store::SqliteStore;
use es_sqlite_store::rusqlite::params;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

type Failed = Box<dyn Error + Send + Sync>;

const ROUNDS: usize = 5;
const STREAMS: u64 = 1_000;
const PAGE: usize = 1_024;

#[derive(Debug, Clone, Serialize, Deserialize, es_core::Event)]
#[event(name = "money-deposited")]
struct MoneyDeposited {
    amount: i64,
    currency: String,
    reference: String,
}

/// All balances in one struct.
#[derive(Debug, Default, Projection)]
#[projection(name = "all-balances", events(MoneyDeposited))]
struct Balances {
    cents: HashMap<StreamId, i64>,
}

impl Project<MoneyDeposited> for Balances {
    fn project(&mut self, event: MoneyDeposited, recorded: &RecordedEvent) {
        add(&mut self.cents, &recorded.stream, event.amount);
    }
}

/// A balance in a row.
#[derive(Debug, Default, Serialize, Deserialize, Projection)]
#[projection(name = "balances", key = String, events(MoneyDeposited), index(currency))]
struct Balance {
    currency: String,
    cents: i64,
}

impl ProjectRow<MoneyDeposited> for Balance {
    fn project(&mut self, _: &String, event: MoneyDeposited, _: &RecordedEvent) {
        self.currency = event.currency;
        self.cents += event.amount;
    }
}

fn add(cents: &mut HashMap<StreamId, i64>, stream: &StreamId, amount: i64) {
    match cents.get_mut(stream) {
        Some(sum) => *sum += amount,
        None => {
            cents.insert(stream.clone(), amount);
        }
    }
}

fn deposit(number: u64) -> NewEvent {
    let amount = number % 997;
    NewEvent {
        id: EventId::new(Uuid::from_u64_pair(1, number)),
        name: EventName::from_static("money-deposited"),
        schema_version: 1,
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
        payload: format!(r#"{{"amount":{amount},"currency":"EUR","reference":"invoice {number}"}}"#).into(),
    }
}

async fn fill(store: &dyn EventStore, events: u64) -> Result<(), Failed> {
    for first in (0..events).step_by(20) {
        // Streams in no order, each with some events at a time.
        let stream = StreamId::new("account", (first / 20).wrapping_mul(7_919) % STREAMS)?;
        store.append(&stream, ExpectedVersion::Any, (first..events.min(first + 20)).map(deposit).collect()).await?;
    }
    Ok(())
}

/// The median of the seconds that each takes, in turn.
async fn compare(
    events: u64,
    ours: impl AsyncFn() -> Result<i64, Failed>,
    by_hand: impl AsyncFn() -> Result<i64, Failed>,
) -> Result<(f64, f64), Failed> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let sum = ours().await?;
        first.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        assert_eq!(sum, by_hand().await?, "both have the same result");
        second.push(start.elapsed().as_secs_f64());
    }
    first.sort_by(f64::total_cmp);
    second.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, reason = "a number of events is small")]
    let rate = |seconds: &[f64]| events as f64 / seconds[ROUNDS / 2];
    Ok((rate(&first), rate(&second)))
}

fn print(what: &str, (ours, by_hand): (f64, f64), target: f64) {
    let ratio = ours / by_hand;
    println!("{what:<32} {ours:>12.0} {by_hand:>12.0} {ratio:>8.2}   (target {target})");
}

async fn in_memory(events: u64) -> Result<(f64, f64), Failed> {
    let store = MemoryStore::new();
    fill(&store, events).await?;
    let bytes: Vec<(StreamId, EventName, Payload)> = store
        .read_log(ReadLog::all())
        .await?
        .events
        .into_iter()
        .map(|event| (event.stream, event.name, event.payload))
        .collect();
    let ours = async || {
        let runner = ProjectionRunner::new(store.clone(), Balances::default());
        runner.catch_up().await?;
        Ok(runner.read(|balances, _| balances.cents.values().sum()))
    };
    let by_hand = async || {
        let mut cents = HashMap::new();
        for (stream, name, payload) in &bytes {
            if name == "money-deposited" {
                let event: MoneyDeposited = serde_json::from_slice(payload)?;
                add(&mut cents, stream, event.amount);
            }
        }
        Ok(cents.values().sum())
    };
    compare(events, ours, by_hand).await
}

async fn in_sqlite(events: u64) -> Result<(f64, f64), Failed> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("bench.db")).await?;
    fill(&store, events).await?;
    store
        .transaction(|tx| -> Result<(), Failed> {
            Ok(tx.connection().execute_batch(
                "CREATE TABLE by_hand (account TEXT PRIMARY KEY, currency TEXT, cents INTEGER) STRICT, WITHOUT ROWID;
                 CREATE INDEX by_currency ON by_hand (currency)",
            )?)
        })
        .await?;
    let sum = async |sql: &str| {
        let sql = sql.to_owned();
        store.transaction(|tx| Ok::<_, Failed>(tx.connection().query_row(&sql, [], |row| row.get::<_, i64>(0))?)).await
    };
    let ours = async || {
        let model = ReadModel::<Balance, _>::new(store.clone());
        es_core::store::ReadModelStore::drop_read_model(&store, model.checkpoint_name()).await?;
        model.catch_up().await?;
        sum("SELECT sum(payload ->> 'cents') FROM read_model").await
    };
    let name = CheckpointName::new("by hand")?;
    let by_hand = async || {
        let forget = |tx: &es_sqlite_store::Transaction<'_>| -> Result<(), Failed> {
            Ok(tx.connection().execute_batch("DELETE FROM by_hand; DELETE FROM checkpoints WHERE name = 'by hand'")?)
        };
        store.transaction(forget).await?;
        let mut at = None;
        loop {
            let after = ReadLog::after(at.unwrap_or(Position::START)).names(["money-deposited"]).limit(PAGE);
            let page = store.read_log(after).await?;
            let write = |tx: &es_sqlite_store::Transaction<'_>| -> Result<(), Failed> {
                let mut upsert = tx.connection().prepare_cached(
                    "INSERT INTO by_hand (account, currency, cents) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                     SET currency = excluded.currency, cents = cents + excluded.cents",
                )?;
                for event in &page.events {
                    let deposit: MoneyDeposited = serde_json::from_slice(&event.payload)?;
                    upsert.execute(params![event.stream.id(), deposit.currency, deposit.amount])?;
                }
                Ok(tx.save_checkpoint(&name, at, page.through)?)
            };
            store.transaction(write).await?;
            at = Some(page.through);
            if page.is_end {
                return sum("SELECT sum(cents) FROM by_hand").await;
            }
        }
    };
    compare(events, ours, by_hand).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let events = std::env::args().nth(1).map_or(Ok(1_000_000), |events| events.parse())?;
    println!("{:<32} {:>12} {:>12} {:>8}", "events per second", "projection", "by hand", "ratio");
    print("in memory, one read model", in_memory(events).await?, 0.8);
    print("in SQLite, 1000 rows", in_sqlite(events / 10).await?, 0.7);
    Ok(())
}
