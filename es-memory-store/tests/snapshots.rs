//! The rules of `SnapshotStore`, S1 to S7, in every form of the memory store.

use std::sync::Arc;

use es_core::store::{EventStore, ReadLog, Snapshot, SnapshotStore};
use es_core::{EventId, Fingerprint, Payload, Position, StreamId, Timestamp, Version};
use es_memory_store::MemoryStore;

fn stream(id: &str) -> StreamId {
    StreamId::new("account", id).unwrap()
}

fn shape(number: u64) -> Fingerprint {
    Fingerprint::new(number)
}

fn snapshot(id: &str, version: u64, fingerprint: u64, payload: &str) -> Snapshot {
    Snapshot {
        stream: stream(id),
        version: Version::new(version),
        position: Position::new(version * 10),
        event_id: format!("{version:032x}").parse::<EventId>().unwrap(),
        recorded_at: Timestamp::from_micros(5),
        latest_at: Timestamp::from_micros(7),
        fingerprint: shape(fingerprint),
        payload: Payload::copy_from_slice(payload.as_bytes()),
        taken_at: Timestamp::from_micros(9),
    }
}

async fn latest(store: &dyn SnapshotStore, id: &str, fingerprint: u64) -> Option<Snapshot> {
    store.load_snapshot(&stream(id), shape(fingerprint), Version::MAX).await.unwrap()
}

async fn version_of(store: &dyn SnapshotStore, id: &str, fingerprint: u64) -> Option<u64> {
    latest(store, id, fingerprint).await.map(|snapshot| snapshot.version.get())
}

/// S1; SN-08.
#[tokio::test]
async fn a_snapshot_is_kept_as_it_is_given() {
    let store = MemoryStore::new();
    let large = snapshot("ada", 3, 1, &"x".repeat(100_000));
    store.save_snapshot(large.clone()).await.unwrap();
    store.save_snapshot(large.clone()).await.unwrap();
    assert_eq!(latest(&store, "ada", 1).await, Some(large), "SN-06: a duplicate is no error");
}

/// S2; SN-01.
#[tokio::test]
async fn what_does_not_fit_is_not_loaded() {
    let store = MemoryStore::new();
    store.save_snapshot(snapshot("ada", 3, 1, "three")).await.unwrap();
    let up_to = async |version| {
        let found = store.load_snapshot(&stream("ada"), shape(1), Version::new(version)).await.unwrap();
        found.map(|snapshot| snapshot.version.get())
    };
    assert_eq!((up_to(0).await, up_to(2).await, up_to(3).await, up_to(4).await), (None, None, Some(3), Some(3)));
    assert_eq!(version_of(&store, "bob", 1).await, None);
    assert_eq!(version_of(&store, "ad", 1).await, None);
    assert_eq!(version_of(&store, "ada", 2).await, None);
}

/// S3; SN-05.
#[tokio::test]
async fn a_late_save_takes_nothing_away() {
    let store = MemoryStore::new();
    for version in [1, 2, 5, 3, 4] {
        store.save_snapshot(snapshot("ada", version, 1, "")).await.unwrap();
    }
    assert_eq!(version_of(&store, "ada", 1).await, Some(5));
}

/// S4; SN-04.
#[tokio::test]
async fn the_same_version_is_replaced() {
    let store = MemoryStore::new();
    for payload in ["one", "two"] {
        store.save_snapshot(snapshot("ada", 5, 1, payload)).await.unwrap();
    }
    assert_eq!(latest(&store, "ada", 1).await.unwrap().payload, "two");
}

/// S5.
#[tokio::test]
async fn two_programs_keep_theirs_and_those_before_them_are_forgotten() {
    let store = MemoryStore::new();
    for round in 1..=10 {
        for fingerprint in [1, 2] {
            store.save_snapshot(snapshot("ada", round * 10 + fingerprint, fingerprint, "")).await.unwrap();
        }
        assert_eq!(version_of(&store, "ada", 1).await, Some(round * 10 + 1));
        assert_eq!(version_of(&store, "ada", 2).await, Some(round * 10 + 2));
    }
    for release in 3..=20 {
        store.save_snapshot(snapshot("ada", 1, release, "")).await.unwrap();
        assert_eq!(version_of(&store, "ada", release).await, Some(1), "also at a lower version than others have");
        assert!(latest(&store, "ada", release - 1).await.is_some(), "the one before is still there");
    }
    let mut kept = Vec::new();
    for fingerprint in 1..=20 {
        kept.extend(latest(&store, "ada", fingerprint).await.map(|_| fingerprint));
    }
    assert_eq!(kept, [18, 19, 20]);
}

/// S6; SN-07.
#[tokio::test]
async fn deleting_forgets_all_of_a_stream_and_nothing_else() {
    let store = MemoryStore::new();
    for (id, fingerprint) in [("ada", 1), ("ada", 2), ("bob", 1)] {
        store.save_snapshot(snapshot(id, 5, fingerprint, "")).await.unwrap();
    }
    for _ in 0..2 {
        store.delete_snapshots(&stream("ada")).await.unwrap();
        assert_eq!((version_of(&store, "ada", 1).await, version_of(&store, "ada", 2).await), (None, None));
        assert_eq!(version_of(&store, "bob", 1).await, Some(5));
    }
    store.save_snapshot(snapshot("ada", 2, 1, "")).await.unwrap();
    assert_eq!(version_of(&store, "ada", 1).await, Some(2), "a lower version than before is kept now");
}

/// S7.
#[tokio::test]
async fn the_log_knows_nothing_of_snapshots() {
    let store = MemoryStore::new();
    store.save_snapshot(snapshot("ada", 5, 1, "")).await.unwrap();
    assert!(store.read_log(ReadLog::after(Position::START)).await.unwrap().events.is_empty());
    store.delete_snapshots(&stream("ada")).await.unwrap();
}

#[tokio::test]
async fn every_form_of_a_store_works_and_clones_share() {
    let store = MemoryStore::new();
    let forms: [Box<dyn SnapshotStore>; 3] = [
        Box::new(store.clone()),
        Box::new(Arc::new(store.clone())),
        Box::new(Arc::new(store.clone()) as Arc<dyn SnapshotStore>),
    ];
    for (version, form) in (1..).zip(&forms) {
        form.save_snapshot(snapshot("ada", version, 1, "")).await.unwrap();
        assert_eq!(version_of(&store, "ada", 1).await, Some(version));
        assert_eq!(version_of(form, "ada", 1).await, Some(version));
    }
    forms[0].delete_snapshots(&stream("ada")).await.unwrap();
    assert_eq!(version_of(&&store, "ada", 1).await, None);
}
