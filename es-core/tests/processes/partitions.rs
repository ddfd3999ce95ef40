//! Processes, requests and accounts in several partitions, with a driver for each log.

use es_core::store::{EventStore, Partition, PartitionLog, PartitionedStore, ReadLog, ReadStream};
use es_memory_store::MemoryStore;
use es_testkit::ManualClock;

use crate::bank::{Block, PATIENCE};
use crate::world::World;

fn bank() -> PartitionedStore<MemoryStore> {
    PartitionedStore::new([
        Partition::new("west", MemoryStore::new()).slots(..512),
        Partition::new("east", MemoryStore::new()).slots(512..),
        Partition::new("requests", MemoryStore::new()).categories(["request"]),
    ])
    .unwrap()
}

/// Drives all logs until none of them has anything new.
async fn quiet(worlds: &[World<PartitionLog<MemoryStore>>]) {
    let heads = async || {
        let mut heads = Vec::new();
        for world in worlds {
            heads.push(world.store.read_log(ReadLog::all().limit(0)).await.unwrap().head);
        }
        heads
    };
    loop {
        let before = heads().await;
        for world in worlds {
            world.driver.catch_up().await.unwrap();
        }
        if heads().await == before {
            return;
        }
    }
}

#[tokio::test]
async fn a_process_leads_through_several_partitions_and_to_its_end() {
    let (bank, clock) = (bank(), ManualClock::default());
    let worlds: Vec<_> = bank.logs().map(|log| World::around(log, clock.clone())).collect();
    let world = &worlds[0];
    for number in 0..20 {
        world.deposit(&format!("from-{number}"), 100).await;
        world.request(&format!("rent-{number}"), &format!("from-{number}"), &format!("to-{number}")).await;
    }
    // Refused, and made good; and one whose sender has nothing, which loses its patience.
    world.accounts.execute("to-3", Block {}).await.unwrap();
    world.request("none", "poor", "to-1").await;
    quiet(&worlds).await;
    assert_eq!(world.ended("none").await, Vec::<String>::new());
    clock.advance(PATIENCE);
    let mut fired = 0;
    for world in &worlds {
        fired += world.driver.fire_due().await.unwrap();
    }
    assert_eq!(fired, 1);
    quiet(&worlds).await;

    assert_eq!(world.ended("none").await, ["no patience with poor"]);
    for number in 0..20 {
        let (name, from, to) = (format!("rent-{number}"), format!("from-{number}"), format!("to-{number}"));
        let is_made_good = number == 3;
        assert_eq!(world.ended(&name).await, [if is_made_good { "returned" } else { "completed" }], "{number}");
        let balances = (world.balance(&from).await, world.balance(&to).await);
        assert_eq!(balances, if is_made_good { (100, 0) } else { (60, 40) }, "{number}");
    }
    // Each stream is in its partition, and in no other.
    let mut transfers = Vec::new();
    for partition in bank.partitions() {
        let log = partition.store().read_log(ReadLog::all()).await.unwrap().events;
        assert!(!log.is_empty());
        for event in &log {
            assert_eq!(bank.partition_of(&event.stream).name(), partition.name(), "{}", event.stream);
        }
        transfers.push(log.iter().any(|event| event.stream.category() == "transfer"));
        for event in log {
            let page = bank.read_stream(&event.stream, ReadStream::all()).await.unwrap();
            assert!(page.events.contains(&event));
        }
    }
    assert_eq!(transfers, [true, true, false]);
}
