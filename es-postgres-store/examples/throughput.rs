//! How fast the store is beside plain SQL on the same server: `cargo run --release -p es-postgres-store --example
//! throughput`, with the URL of an empty database as argument if it is not to be a throwaway server.
//!
//! Each figure is the median of five runs; look at the ratios, since disks and machines differ.

use std::hint::black_box;
use std::time::{Duration, Instant};

use es_core::store::{
    CheckpointName, EventFilter, EventStore, InlineAppend, InlineFailure, InlineProjection, InlineProjections, ReadLog,
    Row, RowIndexes, RowLoader, RowWrite,
};
use es_core::{
    Clock, EventId, EventName, ExpectedVersion, IdSource, Metadata, NewEvent, Position, RecordedEvent, StreamId,
};
use es_core::{SystemClock, Timestamp, UuidV7};
use es_postgres_store::PostgresStore;
use es_postgres_store::tokio_postgres::{self, Client, NoTls};
use test_servers::Postgres;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const PAYLOAD: &str = r#"{"account":"018f4d3c-0000-7000-8000-000000000001","amount":1250,"currency":"EUR","reference":"invoice 2026-11-0042","valueDate":"2026-11-21","counterparty":"DE89370400440532013000","channel":"mobile"}"#;
const INSERT: &str = "INSERT INTO plain.events (position, stream_id, version, kind, schema_version, event_id, recorded_at, metadata, payload)
    VALUES (nextval('plain.positions'), $1, $2, 1, 1, $3, $4, NULL, $5)";
/// How long the log is that is read.
const LOG: u64 = 1_000_000;
/// How many connections both sides may use.
const POOL: usize = 10;

fn event(ids: &UuidV7) -> NewEvent {
    let now = SystemClock.now();
    NewEvent {
        id: EventId::new(ids.next_id(now)),
        name: EventName::from_static("money-deposited"),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(now.as_micros()),
        metadata: Metadata::new(),
        payload: PAYLOAD.into(),
    }
}

async fn client(url: &str) -> Result<Client, Failed> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Appends per second of so many writers by the store.
async fn by_store(store: &PostgresStore, run: usize, writers: usize, each: usize) -> Result<f64, Failed> {
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let (stream, ids) = (StreamId::new("account", format!("{run}-{writer}"))?, UuidV7::default());
            for _ in 0..each {
                store.append(&stream, ExpectedVersion::Any, vec![event(&ids)]).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    per_second(writers * each, start)
}

/// One row for each stream: how many events it has.
struct Counts(CheckpointName);

impl InlineProjection for Counts {
    fn name(&self) -> &CheckpointName {
        &self.0
    }

    fn filter(&self) -> EventFilter {
        EventFilter::all()
    }

    fn project(&self, events: &[RecordedEvent], _: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
        let row = |event: &RecordedEvent| {
            let (key, payload) = (event.stream.to_string(), event.version.to_string().into());
            RowWrite::Put(Row { key, position: event.position, indexes: RowIndexes::new(), payload })
        };
        Ok(events.iter().map(row).collect())
    }
}

/// Appends per second of so many writers, each append with a projection in its transaction.
async fn with_projection(store: &PostgresStore, run: usize, writers: usize, each: usize) -> Result<f64, Failed> {
    let projections: InlineProjections =
        std::sync::Arc::new([std::sync::Arc::new(Counts(CheckpointName::new("counts")?))]);
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let (store, projections) = (store.clone(), std::sync::Arc::clone(&projections));
        tokio::spawn(async move {
            let (stream, ids) = (StreamId::new("inline", format!("{run}-{writer}"))?, UuidV7::default());
            for _ in 0..each {
                store.append_inline(&stream, ExpectedVersion::Any, vec![event(&ids)], &projections).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    per_second(writers * each, start)
}

/// Transactions per second of so many writers that share a pool, each with a prepared `INSERT` into the same tables.
async fn by_hand(url: &str, run: usize, writers: usize, each: usize) -> Result<f64, Failed> {
    let (free, mut taken) = tokio::sync::mpsc::channel(POOL);
    for _ in 0..POOL.min(writers) {
        let client = client(url).await?;
        let insert = client.prepare(INSERT).await?;
        free.send((client, insert)).await?;
    }
    let pool = std::sync::Arc::new((free, tokio::sync::Mutex::new(())));
    let (ask, mut asked) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<_>>(writers);
    tokio::spawn(async move {
        while let Some(who) = asked.recv().await {
            let Some(connection) = taken.recv().await else { return };
            let _ = who.send(connection);
        }
    });
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let (pool, ask) = (std::sync::Arc::clone(&pool), ask.clone());
        tokio::spawn(async move {
            let (stream, ids) = (format!("account-{run}-{writer}"), UuidV7::default());
            for version in 1..=i64::try_from(each)? {
                let (send, got) = tokio::sync::oneshot::channel();
                ask.send(send).await?;
                let (mut client, insert): (Client, tokio_postgres::Statement) = got.await?;
                let event = event(&ids);
                let tx = client.transaction().await?;
                let (id, time) = (event.id.as_uuid(), event.recorded_at.as_micros());
                tx.execute(&insert, &[&stream, &version, id, &time, &PAYLOAD.as_bytes()]).await?;
                tx.commit().await?;
                pool.0.send((client, insert)).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    per_second(writers * each, start)
}

fn per_second(count: usize, start: Instant) -> Result<f64, Failed> {
    Ok(f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64())
}

/// Makes the log a million events long.
async fn fill(store: &PostgresStore) -> Result<(), Failed> {
    let ids = UuidV7::default();
    for number in 0.. {
        let stream = StreamId::new("account", format!("filled-{number}"))?;
        let appended = store.append(&stream, ExpectedVersion::Any, (0..10_000).map(|_| event(&ids)).collect()).await?;
        if appended.position.is_none_or(|position| position.get() >= LOG) {
            break;
        }
    }
    Ok(())
}

/// Milliseconds for the whole log by the store, and by a bare cursor of the same columns.
async fn reads(store: &PostgresStore, client: &mut Client) -> Result<(f64, f64, usize), Failed> {
    let start = Instant::now();
    let (mut at, mut count) = (Position::START, 0);
    loop {
        let page = black_box(store.read_log(ReadLog::after(at)).await?);
        (at, count) = (page.through, count + page.events.len());
        if page.is_end {
            break;
        }
    }
    let ours = start.elapsed();
    let start = Instant::now();
    let tx = client.transaction().await?;
    tx.batch_execute(
        "DECLARE everything NO SCROLL CURSOR FOR SELECT position, version, kind, stream_id, schema_version, event_id,
         recorded_at, metadata::text, payload FROM es.events ORDER BY position",
    )
    .await?;
    let fetch = tx.prepare("FETCH 10000 FROM everything").await?;
    loop {
        let rows = tx.query(&fetch, &[]).await?;
        if rows.is_empty() {
            break;
        }
        let row = |row: &tokio_postgres::Row| {
            let (position, version, kind, stream): (i64, i64, i32, String) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let (schema_version, id, time): (i64, uuid::Uuid, i64) = (row.get(4), row.get(5), row.get(6));
            let (metadata, payload): (Option<String>, Vec<u8>) = (row.get(7), row.get(8));
            (position, version, kind, stream, schema_version, id, time, metadata, payload)
        };
        black_box(rows.iter().map(row).collect::<Vec<_>>());
    }
    tx.commit().await?;
    Ok((millis(ours), millis(start.elapsed()), count))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let server = if std::env::args().len() > 1 { None } else { Postgres::start(&[]) };
    let url = std::env::args().nth(1).or_else(|| server.as_ref().map(Postgres::database));
    let url = url.ok_or("there is no PostgreSQL; give the URL of an empty database")?;
    let store = PostgresStore::options().connections(POOL).connect(&url).await?;
    // The same tables for the plain statements.
    drop(PostgresStore::options().schema("plain").connect(&url).await?);
    let mut plain = client(&url).await?;

    let inline = PostgresStore::options().schema("inline").connections(POOL).connect(&url).await?;
    let mut figures = [(); 6].map(|()| Vec::new());
    let mut inlined = [(); 2].map(|()| Vec::new());
    for run in 0..5 {
        for (at, (writers, each)) in [(1, 100), (8, 50)].into_iter().enumerate() {
            inlined[at].push(with_projection(&inline, 10 * run + at, writers, each).await?);
        }
        for (at, (writers, each)) in [(1, 300), (8, 100), (64, 50)].into_iter().enumerate() {
            figures[2 * at].push(by_hand(&url, 10 * run + at, writers, each).await?);
            figures[2 * at + 1].push(by_store(&store, 10 * run + at, writers, each).await?);
        }
    }
    let [hand_1, store_1, hand_8, store_8, hand_64, store_64] = figures.map(median);
    println!("appends per second, one event each:");
    for (writers, hand, ours) in [(1, hand_1, store_1), (8, hand_8, store_8), (64, hand_64, store_64)] {
        println!("  {writers:2} writers: a transaction each {hand:7.0}, the store {ours:7.0}, x {:.2}", ours / hand);
    }
    println!("  latency of 1 writer: x {:.2}, at most 1.2: {}", hand_1 / store_1, verdict(hand_1 / store_1 <= 1.2));
    println!("  64 writers: x {:.2}, at least 3: {}", store_64 / hand_64, verdict(store_64 / hand_64 >= 3.0));
    let [inline_1, inline_8] = inlined.map(median);
    println!("  with a projection in the transaction: 1 writer {inline_1:.0}, 8 writers {inline_8:.0}");
    fill(&store).await?;
    let (mut ours, mut cursor, mut count) = (Vec::new(), Vec::new(), 0);
    for _ in 0..5 {
        let (by_store, by_cursor, events) = reads(&store, &mut plain).await?;
        ours.push(by_store);
        cursor.push(by_cursor);
        count = events;
    }
    let (ours, cursor) = (median(ours), median(cursor));
    let slower = ours / cursor;
    println!(
        "{count} events of the log: {ours:.0} ms, a bare cursor {cursor:.0} ms: x {slower:.2}, at most 1.3: {}",
        verdict(slower <= 1.3)
    );
    Ok(())
}
