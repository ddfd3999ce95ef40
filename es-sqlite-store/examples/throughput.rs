//! How fast the store is beside plain SQLite with the same tables: `cargo run --release -p es-sqlite-store --example
//! throughput`, with a folder to work in as argument if it is not to be that of temporary files.
//!
//! Beside it stands a raw log: the same bytes in a plain file, one sync for all who wait, by the same queue.
//! It keeps no order of versions, finds nothing and filters nothing; what it is faster by is the price of that.
//!
//! Look at the ratios, since disks differ: each is taken within one round, in which everything runs once, and shown as
//! the median of the rounds, with the lowest and the highest.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
use es_core::{IdSource, SystemClock, UuidV7};
use es_sqlite_store::rusqlite::{Connection, params};
use es_sqlite_store::{SqliteStore, Synchronous};

/// That of the store, so that both wait for each other in the same way.
#[allow(dead_code, reason = "the store uses all of it")]
#[path = "../src/queue.rs"]
mod queue;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const PAYLOAD: &str = r#"{"account":"018f4d3c-0000-7000-8000-000000000001","amount":1250,"currency":"EUR","reference":"invoice 2026-11-0042","valueDate":"2026-11-21","counterparty":"DE89370400440532013000","channel":"mobile"}"#;

fn events(ids: &UuidV7, count: usize) -> Vec<NewEvent> {
    let now = es_core::Clock::now(&SystemClock);
    let event = |_| NewEvent {
        id: EventId::new(ids.next_id(now)),
        name: EventName::from_static("money-deposited"),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(now.as_micros()),
        metadata: Metadata::new(),
        payload: PAYLOAD.into(),
    };
    (0..count).map(event).collect()
}

/// Appends per second of so many writers on one thread.
async fn appends(folder: &Path, synchronous: Synchronous, writers: u32, batch: usize) -> Result<f64, Failed> {
    let folder = tempfile::tempdir_in(folder)?;
    let store = SqliteStore::options().synchronous(synchronous).open(folder.path().join("bench.db")).await?;
    let each = 12_800 / writers.max(8);
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let (stream, ids) = (StreamId::new("account", writer)?, UuidV7::default());
            for _ in 0..each {
                store.append(&stream, ExpectedVersion::Any, events(&ids, batch)).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(f64::from(writers * each) / start.elapsed().as_secs_f64())
}

/// A file that groups of records are added to.
struct RawLog(File);

impl queue::Work for RawLog {
    type Task = (StreamId, Vec<NewEvent>);
    type Outcome = io::Result<()>;

    const MOST: usize = 4 * 1024 * 1024;

    fn weight((_, events): &Self::Task) -> usize {
        events.iter().map(|event| event.payload.len() + 256).sum()
    }

    fn run(&self, tasks: Vec<Self::Task>) -> Vec<io::Result<()>> {
        let mut group = Vec::new();
        for (stream, events) in &tasks {
            for event in events {
                let (id, schema_version) = (event.id.as_uuid().as_bytes(), event.schema_version.to_le_bytes());
                let time = event.recorded_at.as_micros().to_le_bytes();
                let (stream, name) = (stream.as_str().as_bytes(), event.name.as_str().as_bytes());
                for part in [stream, name, id, &schema_version, &time, &event.payload] {
                    group.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
                    group.extend(part);
                }
            }
        }
        // With the call that SQLite makes, `fsync`.
        let written = (&self.0).write_all(&group).and_then(|()| self.0.sync_all());
        tasks.iter().map(|_| written.as_ref().map_or_else(|error| Err(error.kind().into()), |()| Ok(()))).collect()
    }

    fn panicked() -> io::Result<()> {
        Err(io::ErrorKind::Other.into())
    }
}

/// Appends per second of so many writers to a raw log.
async fn raw(folder: &Path, writers: u32, batch: usize) -> Result<f64, Failed> {
    let folder = tempfile::tempdir_in(folder)?;
    let log = Arc::new(queue::Queue::new(RawLog(File::create_new(folder.path().join("bench.log"))?)));
    let each = 12_800 / writers.max(8);
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let (stream, ids) = (StreamId::new("account", writer)?, UuidV7::default());
            for _ in 0..each {
                log.join((stream.clone(), events(&ids, batch))).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(f64::from(writers * each) / start.elapsed().as_secs_f64())
}

/// Transactions per second of plain prepared statements that write the same rows, one after the other.
async fn plain(folder: &Path, batch: usize) -> Result<f64, Failed> {
    const TRANSACTIONS: u32 = 1_600;
    let folder = tempfile::tempdir_in(folder)?;
    let path = folder.path().join("bench.db");
    let store = SqliteStore::open(&path).await?;
    let ids = UuidV7::default();
    store.append(&StreamId::new("account", 0)?, ExpectedVersion::Any, events(&ids, 1)).await?;
    drop(store);
    let mut sql = Connection::open(&path)?;
    sql.pragma_update(None, "synchronous", "FULL")?;
    let start = Instant::now();
    for _ in 0..TRANSACTIONS {
        let tx = sql.transaction()?;
        let mut version: i64 =
            tx.prepare_cached("SELECT max(version) FROM events WHERE stream = 1")?.query_row([], |row| row.get(0))?;
        for event in events(&ids, batch) {
            version += 1;
            tx.prepare_cached(
                "INSERT INTO events (stream, version, kind, schema_version, event_id, recorded_at, metadata, payload)
                 VALUES (1, ?1, 1, 1, ?2, ?3, NULL, ?4)",
            )?
            .execute(params![
                version,
                event.id.as_uuid().as_bytes(),
                event.recorded_at.as_micros(),
                PAYLOAD
            ])?;
        }
        tx.commit()?;
    }
    Ok(f64::from(TRANSACTIONS) / start.elapsed().as_secs_f64())
}

/// Microseconds for 10 000 events by the store and by a plain loop, and bytes of an event in the file.
async fn reads(folder: &Path) -> Result<(f64, f64, f64, f64), Failed> {
    let folder = tempfile::tempdir_in(folder)?;
    let path = folder.path().join("bench.db");
    let store = SqliteStore::open(&path).await?;
    let (stream, ids) = (StreamId::new("account", "ada")?, UuidV7::default());
    store.append(&stream, ExpectedVersion::Any, events(&ids, 10_000)).await?;
    let mut by_store = Vec::new();
    let mut by_log = Vec::new();
    let mut by_loop = Vec::new();
    let sql = Connection::open(&path)?;
    for _ in 0..15 {
        let start = Instant::now();
        black_box(store.read_stream(&stream, ReadStream::all()).await?.events);
        by_store.push(start.elapsed().as_secs_f64() * 1e6);
        let start = Instant::now();
        black_box(store.read_log(ReadLog::all().names(["money-deposited"])).await?.events);
        by_log.push(start.elapsed().as_secs_f64() * 1e6);
        let start = Instant::now();
        let mut statement = sql.prepare_cached(
            "SELECT position, version, kind, schema_version, event_id, recorded_at, metadata, payload FROM events
             WHERE stream = 1 ORDER BY version",
        )?;
        let rows = statement.query_map([], |row| {
            let (position, version, kind): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (schema_version, id, time): (u32, [u8; 16], i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
            let (metadata, payload): (Option<String>, String) = (row.get(6)?, row.get(7)?);
            Ok((position, version, kind, schema_version, id, time, metadata, payload))
        })?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?);
        by_loop.push(start.elapsed().as_secs_f64() * 1e6);
    }
    drop((sql, store));
    let bytes = u32::try_from(std::fs::metadata(&path)?.len())?;
    Ok((median(by_store), median(by_loop), median(by_log), f64::from(bytes) / 10_000.0))
}

const ROUNDS: usize = 7;

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// How many times `of` each round of `one` was.
struct Ratio(Vec<f64>);

impl Ratio {
    fn new(one: &[f64], of: &[f64]) -> Self {
        let mut rounds: Vec<_> = one.iter().zip(of).map(|(one, of)| one / of).collect();
        rounds.sort_by(f64::total_cmp);
        Self(rounds)
    }

    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median(), self.0[0], self.0[self.0.len() - 1])
    }
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let names = [
        "one transaction each, plain SQLite",
        "1 writer",
        "8 writers",
        "64 writers",
        "64 writers, NORMAL",
        "raw log, 1 writer",
        "raw log, 8 writers",
        "raw log, 64 writers",
    ];
    // How many times the plain transactions 64 writers are to reach, and how far the raw log may be ahead of them.
    for (batch, least, most) in [(1, 8.0, 2.5), (10, 4.0, 4.0)] {
        println!("appends per second, {batch} event(s) each:");
        let mut figures = vec![Vec::new(); names.len()];
        for _ in 0..ROUNDS {
            figures[0].push(plain(&folder, batch).await?);
            for (at, writers) in [1, 8, 64].into_iter().enumerate() {
                figures[1 + at].push(appends(&folder, Synchronous::Full, writers, batch).await?);
                figures[5 + at].push(raw(&folder, writers, batch).await?);
            }
            figures[4].push(appends(&folder, Synchronous::Normal, 64, batch).await?);
        }
        for (name, figure) in names.iter().zip(&figures) {
            println!("  {name:36} {:8.0}  x {}", median(figure.clone()), Ratio::new(figure, &figures[0]));
        }
        let alone = Ratio::new(&figures[0], &figures[1]);
        println!("  plain / 1 writer: {alone}, at most 1.2: {}", verdict(alone.median() <= 1.2));
        let ahead = Ratio::new(&figures[3], &figures[0]);
        println!("  64 writers / plain: {ahead}, at least {least}: {}", verdict(ahead.median() >= least));
        for (at, writers) in [1, 8, 64].into_iter().enumerate() {
            let behind = Ratio::new(&figures[5 + at], &figures[1 + at]);
            println!(
                "  raw log / store, {writers} writer(s): {behind}, at most {most}: {}",
                verdict(behind.median() <= most)
            );
        }
    }
    let (by_store, by_loop, by_log, bytes) = reads(&folder).await?;
    let slower = by_store / by_loop;
    println!(
        "10 000 events of a stream: {by_store:.0} µs, a plain loop {by_loop:.0} µs: x {slower:.2}, at most 1.3: {}",
        verdict(slower <= 1.3)
    );
    println!("the same by a filter of the log: {by_log:.0} µs: x {:.2}", by_log / by_loop);
    println!("{bytes:.0} bytes in the file for each event of {} bytes", PAYLOAD.len());
    Ok(())
}
