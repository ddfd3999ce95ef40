//! Snapshots in the file of the events: the rules S1 to S6 of `SnapshotStore`.

mod common;

use common::{event, file, fresh, stream};
use es_core::store::{EventStore, ReadLog, Snapshot, SnapshotStore};
use es_core::{ExpectedVersion, Fingerprint, Payload, Position, StreamId, Timestamp, Version};
use es_sqlite_store::SqliteStore;

fn snapshot(stream: &StreamId, fingerprint: u64, version: u64) -> Snapshot {
    Snapshot {
        stream: stream.clone(),
        version: Version::new(version),
        position: Position::new(version * 10),
        event_id: event(version).id,
        recorded_at: Timestamp::from_micros(-7),
        latest_at: Timestamp::from_micros(i64::MAX),
        fingerprint: Fingerprint::new(fingerprint),
        payload: Payload::from(vec![0xff, 0, u8::try_from(version).unwrap()]),
        taken_at: Timestamp::from_micros(9),
    }
}

async fn version(store: &SqliteStore, stream: &StreamId, fingerprint: u64, up_to: u64) -> Option<u64> {
    let found = store.load_snapshot(stream, Fingerprint::new(fingerprint), Version::new(up_to)).await.unwrap();
    found.map(|snapshot| snapshot.version.get())
}

#[tokio::test]
async fn a_snapshot_comes_back_whole_also_when_the_file_is_opened_again() {
    let (folder, store) = fresh().await;
    let (a, ab) = (stream("account-a"), stream("account-ab"));
    let given = snapshot(&a, u64::MAX, 5);
    store.save_snapshot(given.clone()).await.unwrap();
    drop(store);
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    assert_eq!(store.load_snapshot(&a, given.fingerprint, Version::MAX).await.unwrap(), Some(given));
    assert_eq!(version(&store, &a, u64::MAX, 4).await, None);
    assert_eq!(version(&store, &a, 1, 9).await, None);
    assert_eq!(version(&store, &ab, u64::MAX, 9).await, None);
}

#[tokio::test]
async fn a_late_one_takes_nothing_away_and_the_same_version_is_replaced() {
    let (_folder, store) = fresh().await;
    let a = stream("account-a");
    for saved in [5, 9, 7] {
        store.save_snapshot(snapshot(&a, 1, saved)).await.unwrap();
    }
    assert_eq!(version(&store, &a, 1, 100).await, Some(9));
    let mut again = snapshot(&a, 1, 9);
    again.payload = "{}".into();
    store.save_snapshot(again.clone()).await.unwrap();
    assert_eq!(store.load_snapshot(&a, again.fingerprint, Version::MAX).await.unwrap(), Some(again));
}

#[tokio::test]
async fn the_fingerprints_saved_last_are_kept_and_all_are_deleted_together() {
    let (_folder, store) = fresh().await;
    let (a, b) = (stream("account-a"), stream("account-b"));
    store.append(&a, ExpectedVersion::Any, vec![event(1)]).await.unwrap();
    store.save_snapshot(snapshot(&b, 1, 1)).await.unwrap();
    // The second save under fingerprint 1 is an old version, and keeps it nevertheless.
    for (fingerprint, at) in [(1, 9), (2, 9), (3, 9), (1, 3), (4, 9)] {
        store.save_snapshot(snapshot(&a, fingerprint, at)).await.unwrap();
    }
    assert_eq!(version(&store, &a, 2, 100).await, None);
    for kept in [1, 3, 4] {
        assert_eq!(version(&store, &a, kept, 100).await, Some(9));
    }
    store.delete_snapshots(&a).await.unwrap();
    store.delete_snapshots(&a).await.unwrap();
    assert_eq!(version(&store, &a, 4, 100).await, None);
    assert_eq!(version(&store, &b, 1, 100).await, Some(1));
    assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), 1);
}
