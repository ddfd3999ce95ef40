//! How fast the store is beside bare messages that expect the last sequence of their subject and are acknowledged:
//! `cargo run --release -p es-nats-store --example throughput`.
//!
//! It starts its own servers, one alone and three together, with the sync interval that servers have by themselves.
//! A bare message has as many bytes as the store's, and its writer knows what to expect. Each figure is the median of
//! five runs, in which the two take turns; look at the ratios, since machines differ.
//!
//! `-- partitions` measures something else: the same writers on one JetStream stream and divided among two.

use std::time::Instant;

use es_core::store::{EventStore, HASH_SLOTS, Partition, PartitionedStore};
use es_core::{
    EventId, EventName, ExpectedVersion, IdSource, Metadata, NewEvent, StreamId, SystemClock, Timestamp, UuidV7,
};
use es_nats_store::async_nats::{Client, HeaderMap};
use es_nats_store::{NatsStore, async_nats};
use test_servers::{Nats, NatsCluster};

type Failed = Box<dyn std::error::Error + Send + Sync>;

const PAYLOAD: &str = r#"{"account":"018f4d3c-0000-7000-8000-000000000001","amount":1250,"currency":"EUR","reference":"invoice 2026-11-0042","valueDate":"2026-11-21","counterparty":"DE89370400440532013000","channel":"mobile"}"#;
/// What the store adds to the payload of one event.
const HEAD: usize = 270;

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

/// Appends per second.
async fn appends(url: &str, run: usize, writers: u32, each: u32, batch: usize) -> Result<f64, Failed> {
    let store = NatsStore::options().name(format!("store{run}")).connect(url).await?;
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

/// Appends per second of writers that are divided equally among so many JetStream streams, over one connection.
async fn divided(client: &Client, run: usize, writers: u32, each: u32, streams: u16) -> Result<f64, Failed> {
    let mut partitions = Vec::new();
    for number in 0..streams {
        let store = NatsStore::options().name(format!("part{run}-{number}")).open(client.clone()).await?;
        let slots = HASH_SLOTS / streams * number..HASH_SLOTS / streams * (number + 1);
        partitions.push(Partition::new(number.to_string(), store).slots(slots));
    }
    let bank = PartitionedStore::new(partitions)?;
    let mut ids = Vec::new();
    for writer in 0..writers {
        let home = (writer % u32::from(streams)).to_string();
        let mut of_writer = (0_u32..).map(|number| StreamId::new("account", format_args!("{writer}-{number}")));
        let id = of_writer.find(|id| id.as_ref().is_ok_and(|id| bank.partition_of(id).name() == home));
        ids.push(id.ok_or("no id has this partition")??);
    }
    let start = Instant::now();
    let tasks = ids.into_iter().map(|stream| {
        let bank = bank.clone();
        tokio::spawn(async move {
            let ids = UuidV7::default();
            for _ in 0..each {
                bank.append(&stream, ExpectedVersion::Any, events(&ids, 1)).await?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(f64::from(writers * each) / start.elapsed().as_secs_f64())
}

/// Acknowledged messages per second.
async fn bare(
    client: &Client,
    run: usize,
    replicas: usize,
    writers: u32,
    each: u32,
    batch: usize,
) -> Result<f64, Failed> {
    let config =
        format!(r#"{{"name":"bare{run}","subjects":["bare{run}.*.*"],"num_replicas":{replicas},"storage":"file"}}"#);
    client.request(format!("$JS.API.STREAM.CREATE.bare{run}"), config.into()).await?;
    let start = Instant::now();
    let tasks = (0..writers).map(|writer| {
        let client = client.clone();
        tokio::spawn(async move {
            let (subject, payload) =
                (format!("bare{run}.account.{writer}"), vec![b'x'; (PAYLOAD.len() + HEAD) * batch]);
            let mut last = 0_u64;
            for _ in 0..each {
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Expected-Last-Subject-Sequence", last.to_string());
                let answer = client.request_with_headers(subject.clone(), headers, payload.clone().into()).await?;
                let text = String::from_utf8_lossy(&answer.payload);
                let (_, rest) = text.split_once("\"seq\":").ok_or("refused")?;
                last = rest.trim_end_matches('}').split(',').next().unwrap_or_default().trim().parse()?;
            }
            Ok::<_, Failed>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(f64::from(writers * each) / start.elapsed().as_secs_f64())
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

async fn compare(what: &str, url: &str, replicas: usize, run: &mut usize) -> Result<(), Failed> {
    let first = url.split(',').next().unwrap_or(url);
    let client = async_nats::connect(first).await?;
    for (writers, batch) in [(1, 1), (64, 1), (1, 10), (64, 10)] {
        let each = if replicas == 1 { 12_800 } else { 6_400 } / if writers == 1 { 4 } else { writers };
        let (mut of_store, mut of_bare) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            *run += 1;
            of_bare.push(bare(&client, *run, replicas, writers, each, batch).await?);
            of_store.push(appends(first, *run, writers, each, batch).await?);
        }
        let (of_store, of_bare) = (median(of_store), median(of_bare));
        let ratio = of_bare / of_store;
        println!(
            "{what}, {writers:2} writers, {batch:2} events: store {of_store:6.0}/s, bare {of_bare:6.0}/s, {ratio:.2} ×"
        );
    }
    Ok(())
}

async fn compare_partitions(what: &str, url: &str, run: &mut usize) -> Result<(), Failed> {
    let client = async_nats::connect(url.split(',').next().unwrap_or(url)).await?;
    for writers in [8, 64] {
        let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            *run += 1;
            of_one.push(divided(&client, *run, writers, 6_400 / writers, 1).await?);
            *run += 1;
            of_two.push(divided(&client, *run, writers, 6_400 / writers, 2).await?);
        }
        let (of_one, of_two) = (median(of_one), median(of_two));
        let ratio = of_two / of_one;
        println!("{what}, {writers:2} writers: one stream {of_one:6.0}/s, two streams {of_two:6.0}/s, {ratio:.2} ×");
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut run = 0;
    let is_about_partitions = std::env::args().nth(1).as_deref() == Some("partitions");
    if let Some(server) = Nats::start("jetstream: enabled") {
        if is_about_partitions {
            compare_partitions("one server", &server.url(), &mut run).await?;
        } else {
            compare("one server", &server.url(), 1, &mut run).await?;
        }
    }
    if let Some(cluster) = NatsCluster::start() {
        if is_about_partitions {
            compare_partitions("three servers", &cluster.url(), &mut run).await?;
        } else {
            compare("three servers", &cluster.url(), 3, &mut run).await?;
        }
    }
    Ok(())
}
