//! Several schemas as one store, by the hash of the id, and one schema divided into two.

mod common;

use std::collections::BTreeSet;

use common::{client, event, numbers, stream};
use es_core::copy::{CopyOptions, copy_transform};
use es_core::store::{
    EventStore, MultiAppend, MultiAppendError, MultiStreamAppend, Partition, PartitionedStore, ReadError, ReadLog,
    ReadStream, Subscribe,
};
use es_core::{Events, ExpectedVersion, Position, StreamId, Version};
use es_postgres_store::PostgresStore;
use test_servers::Postgres;

async fn schema(url: &str, name: &str) -> PostgresStore {
    PostgresStore::options().schema(name).connect(url).await.unwrap()
}

async fn halves(url: &str) -> PartitionedStore<PostgresStore> {
    PartitionedStore::new([
        Partition::new("west", schema(url, "west").await).slots(..512),
        Partition::new("east", schema(url, "east").await).slots(512..),
    ])
    .unwrap()
}

/// The streams in a table, as the server says.
async fn streams(url: &str, schema: &str) -> BTreeSet<String> {
    let rows = client(url).await.query(&format!("SELECT stream_id FROM {schema}.event_log"), &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_divided_between_two_schemas_each_with_a_log_of_its_own() {
    const WRITERS: u64 = 40;
    const EACH: u64 = 5;
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let bank = halves(&url).await;
    let writers = (0..WRITERS).map(|writer| {
        let bank = bank.clone();
        tokio::spawn(async move {
            let id = StreamId::new("account", writer).unwrap();
            for at in 0..EACH {
                let expected = ExpectedVersion::Exact(Version::new(at));
                let done = bank.append(&id, expected, vec![event(writer * EACH + at + 1)]).await.unwrap();
                // The position is one of the partition's log, which has the event there.
                let position = done.position.unwrap();
                let log = bank.log_of(&id);
                log.appended_after(Position::new(position.get() - 1)).await.unwrap();
                let found = log.read_log(ReadLog::all().up_to(position).backward().limit(1)).await.unwrap();
                assert_eq!(numbers(&found.events), [writer * EACH + at + 1]);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let of = |name: &str| {
        let ids = (0..WRITERS).map(|writer| StreamId::new("account", writer).unwrap());
        ids.filter(|id| bank.partition_of(id).name() == name).map(|id| id.to_string()).collect::<BTreeSet<_>>()
    };
    let (west, east) = (of("west"), of("east"));
    assert!(west.len() > 5 && east.len() > 5, "{west:?} {east:?}");
    assert_eq!((streams(&url, "west").await, streams(&url, "east").await), (west, east));
    bank.check_placement().await.unwrap();

    let log = bank.read_log(ReadLog::all().category("account")).await;
    assert!(matches!(log, Err(ReadError::SeveralPartitions { .. })), "{log:?}");
    let (ada, bob) = (stream("account-ada"), stream("account-bob"));
    let apart = MultiAppend::new().append(&ada, ExpectedVersion::NoStream, vec![event(1_001)]).append(
        &bob,
        ExpectedVersion::NoStream,
        vec![event(1_002)],
    );
    let apart = bank.append_multi(apart).await;
    assert!(matches!(apart, Err(MultiAppendError::SeveralPartitions { .. })), "{apart:?}");
    assert!(!bank.read_stream(&ada, ReadStream::all()).await.unwrap().exists());
    let together = MultiAppend::new().append(&ada, ExpectedVersion::NoStream, vec![event(1_001)]).append(
        &stream("order-ada"),
        ExpectedVersion::NoStream,
        vec![event(1_002)],
    );
    let done = bank.append_multi(together.clone()).await.unwrap();
    assert_eq!(bank.append_multi(together).await.unwrap(), done);
}

/// What is in flight in one schema holds nobody up in the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_in_one_schema_holds_back_the_log_of_this_one_alone() {
    let Some(server) = Postgres::shared() else { return };
    let bank = halves(&server.database()).await;
    let (ada, bob) = (stream("account-ada"), stream("account-bob"));
    let tx = bank.partition_of(&ada).store().begin().await.unwrap();
    tx.append(&ada, ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
    bank.append(&stream("order-ada"), ExpectedVersion::NoStream, vec![event(2)]).await.unwrap();
    bank.append(&bob, ExpectedVersion::NoStream, vec![event(3)]).await.unwrap();
    let seen = async |name: &str| numbers(&bank.log(name).unwrap().read_log(ReadLog::all()).await.unwrap().events);
    assert_eq!((seen("west").await, seen("east").await), (vec![], vec![3]));
    tx.commit().await.unwrap();
    assert_eq!((seen("west").await, seen("east").await), (vec![1, 2], vec![3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_schema_is_divided_into_two_by_copying() {
    let Some(server) = Postgres::shared() else { return };
    let url = server.database();
    let (old, bank) = (schema(&url, "es").await, halves(&url).await);
    let ids: Vec<_> = (0..30).map(|number| StreamId::new("account", number).unwrap()).collect();
    let mut number = 0;
    for version in 0..4 {
        for id in &ids {
            number += 1;
            old.append(id, ExpectedVersion::Exact(Version::new(version)), vec![event(number)]).await.unwrap();
        }
    }
    let mut copied = 0;
    // The second time is after the writers have stopped, and finds all of it there.
    for _ in 0..2 {
        copied = 0;
        for partition in bank.partitions() {
            let goes = |event: es_core::RecordedEvent| {
                let is_here = bank.partition_of(&event.stream).name() == partition.name();
                Ok(if is_here { Events::one(event) } else { Events::none() })
            };
            let report = copy_transform(&old, partition.store(), goes, CopyOptions::new()).await.unwrap();
            assert!((20..=100).contains(&report.checksum.events), "{} has a part of it", partition.name());
            copied += report.checksum.events;
        }
    }
    assert_eq!(copied, 120);
    bank.check_placement().await.unwrap();
    for id in &ids {
        let (before, now) =
            (old.read_stream(id, ReadStream::all()).await.unwrap(), bank.read_stream(id, ReadStream::all()).await);
        assert_eq!(numbers(&before.events), numbers(&now.unwrap().events), "{id}");
    }
    // And whoever goes on with a stream goes on with its versions.
    let next = bank.append(&ids[0], ExpectedVersion::Exact(Version::new(4)), vec![event(1_000)]).await.unwrap();
    assert_eq!(next.version, Version::new(5));
}
