//! Snapshots of other programs, other logs and other streams: never a wrong state.

use es_core::store::{EventStore, SnapshotStore};
use es_core::{ExecuteError, ExpectedVersion, Json, Snapshotted, StreamId, Version};
use es_memory_store::MemoryStore;

use crate::tally::{Move, Tally, doubled, nested, renested, with_largest, with_renamed_field};
use crate::watched::Watched;
use crate::{append, kept, kept_at, leave_snapshot_at, log_of, moved, replayed, stream, tallies};

/// SN-12: another shape, also one that could be decoded, is not this state; and the other program keeps its own.
async fn is_ignored_and_stands_beside<A: Snapshotted<Id = String> + PartialEq + std::fmt::Debug>() {
    let store = log_of(9).await;
    leave_snapshot_at(&store, 8).await;
    let (others, failures) = tallies::<A>(&store);
    assert_eq!(others.load("a").await.unwrap().state(), &replayed::<A>(&store).await);
    assert_eq!(store.asked().events_read, 9);
    assert_eq!(failures.told(), [""; 0], "that is no failure");
    assert_eq!(kept_at::<Tally>(&store).await, Some(8));
}

#[tokio::test]
async fn of_a_state_with_a_new_field_that_may_be_missing() {
    is_ignored_and_stands_beside::<with_largest::Tally>().await;
    let (old, new) = (Tally { total: 3, moves: 2 }, br#"{"total":3,"moves":2}"#);
    assert_eq!(old.encode_state(&Json).unwrap(), new);
    assert!(with_largest::Tally::decode_state(&Json, new).is_ok(), "so the codec would not have noticed");
}

#[tokio::test]
async fn of_a_state_with_another_field() {
    is_ignored_and_stands_beside::<with_renamed_field::Tally>().await;
}

#[tokio::test]
async fn of_another_fold() {
    is_ignored_and_stands_beside::<doubled::Tally>().await;
}

#[test]
fn the_shape_of_the_state_is_seen_through_what_it_nests() {
    let fingerprints = [
        Tally::fold_fingerprint(),
        with_largest::Tally::fold_fingerprint(),
        with_renamed_field::Tally::fold_fingerprint(),
        doubled::Tally::fold_fingerprint(),
        nested::Tally::fold_fingerprint(),
        renested::program::Tally::fold_fingerprint(),
    ];
    let different: std::collections::BTreeSet<_> = fingerprints.into_iter().collect();
    assert_eq!(different.len(), fingerprints.len());
}

/// SN-13.
#[tokio::test]
async fn one_that_cannot_be_decoded_is_replaced() {
    let store = log_of(9).await;
    leave_snapshot_at(&store, 9).await;
    let mut garbage = kept::<Tally>(&store).await.unwrap();
    garbage.payload = "garbage".into();
    store.save_snapshot(garbage).await.unwrap();
    let (tallies, failures) = tallies::<Tally>(&store);
    assert_eq!(tallies.load("a").await.unwrap().state(), &replayed::<Tally>(&store).await);
    assert_eq!(failures.told(), ["the snapshot of stream `tally-a` at version 9 cannot be decoded"]);
    tallies.execute("a", Move { by: 1 }).await.unwrap();
    failures.told();
    store.asked();
    assert_eq!(tallies.load("a").await.unwrap().state().total, 46);
    assert_eq!((failures.told().len(), store.asked().events_read), (0, 1));
}

/// SN-17: an older log was restored, so the snapshot is ahead of it.
#[tokio::test]
async fn one_that_is_ahead_of_the_log_is_deleted_and_hides_no_conflict() {
    let ahead = log_of(9).await;
    leave_snapshot_at(&ahead, 9).await;
    let snapshot = kept::<Tally>(&ahead).await.unwrap();
    for events in [0, 1, 6, 8] {
        let store = log_of(events).await;
        store.save_snapshot(snapshot.clone()).await.unwrap();
        let (tallies, failures) = tallies::<Tally>(&store);
        let loaded = tallies.load("a").await.unwrap();
        assert_eq!((loaded.version(), loaded.state()), (Version::new(events), &replayed::<Tally>(&store).await));
        assert_eq!(
            failures.told(),
            ["the snapshot of stream `tally-a` at version 9 was taken after an event that the log does not have"]
        );
        assert_eq!(kept_at::<Tally>(&store).await, None);
        store.save_snapshot(snapshot.clone()).await.unwrap();
        let done = tallies.snapshot_every(1).execute("a", Move { by: 1 }).await.unwrap();
        assert_eq!(done.version, Version::new(events + 1));
        assert_eq!(kept_at::<Tally>(&store).await, Some(events + 1), "the next one takes its place");
    }
}

/// SN-17: since the older log was restored, others have appended more than was lost.
#[tokio::test]
async fn one_of_a_history_that_went_otherwise_is_not_used() {
    let lost = log_of(9).await;
    leave_snapshot_at(&lost, 9).await;
    let store = log_of(6).await;
    append(&store, [70, 80, 90, 100]).await;
    store.save_snapshot(kept::<Tally>(&lost).await.unwrap()).await.unwrap();
    let (tallies, failures) = tallies::<Tally>(&store);
    assert_eq!(tallies.load("a").await.unwrap().state(), &Tally { total: 21 + 340, moves: 10 });
    assert_eq!(failures.told().len(), 1);
    assert_eq!(kept_at::<Tally>(&store).await, None);
}

/// The same history at other places of the log: what is asked as of a position would be wrong.
#[tokio::test]
async fn one_from_another_log_is_not_used() {
    let store = Watched::on(MemoryStore::new());
    store.append(&StreamId::new("tally", "b").unwrap(), ExpectedVersion::Any, vec![moved(99, 1)]).await.unwrap();
    append(&store, 1..=6).await;
    let other = log_of(6).await;
    leave_snapshot_at(&other, 6).await;
    store.save_snapshot(kept::<Tally>(&other).await.unwrap()).await.unwrap();
    let (tallies, failures) = tallies::<Tally>(&store);
    assert_eq!(tallies.load("a").await.unwrap().state(), &replayed::<Tally>(&store).await);
    assert_eq!(failures.told().len(), 1);
}

/// A store of snapshots that mixes streams up.
struct Mixed(Watched);

#[async_trait::async_trait]
impl SnapshotStore for Mixed {
    async fn save_snapshot(&self, _: es_core::store::Snapshot) -> Result<(), es_core::store::SnapshotError> {
        Ok(())
    }

    async fn load_snapshot(
        &self,
        _: &StreamId,
        fingerprint: es_core::Fingerprint,
        up_to: Version,
    ) -> Result<Option<es_core::store::Snapshot>, es_core::store::SnapshotError> {
        self.0.load_snapshot(&stream(), fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, _: &StreamId) -> Result<(), es_core::store::SnapshotError> {
        Ok(())
    }
}

#[tokio::test]
async fn one_of_another_stream_is_not_used() {
    let store = log_of(6).await;
    leave_snapshot_at(&store, 6).await;
    let (tallies, failures) = tallies::<Tally>(&store);
    let tallies = tallies.with_snapshots_in(Mixed(store.clone()));
    assert_eq!(tallies.load("b").await.unwrap().state(), &Tally::default());
    assert_eq!(
        failures.told(),
        ["asked for a snapshot of stream `tally-b`, the store gave that of `tally-a` at version 6"]
    );
}

/// SN-22: what a command expects is the version of the log.
#[tokio::test]
async fn none_hides_a_conflict() {
    let store = log_of(6).await;
    leave_snapshot_at(&store, 6).await;
    let (tallies, _) = tallies::<Tally>(&store);
    let mut first = tallies.load("a").await.unwrap();
    tallies.execute("a", Move { by: -21 }).await.unwrap();
    let refused = tallies.execute_on(&mut first, Move { by: -1 }, es_core::Metadata::new()).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Rejected(_)), "{refused:?}");
    assert_eq!((first.version(), first.state().total), (Version::new(7), 0));
}

/// Two programs during a rolling deploy: each keeps its own, whoever comes last.
#[tokio::test]
async fn two_programs_do_not_take_each_others_away() {
    let store = log_of(4).await;
    let (old, _) = tallies::<Tally>(&store);
    let (new, _) = tallies::<with_largest::Tally>(&store);
    for number in 0..30 {
        old.execute("a", Move { by: 1 }).await.unwrap();
        let mut loaded = new.load("a").await.unwrap();
        assert_eq!(loaded.state(), &replayed::<with_largest::Tally>(&store).await);
        new.execute_on(&mut loaded, Nothing {}, es_core::Metadata::new()).await.unwrap();
        if number > 6 {
            assert!(kept_at::<Tally>(&store).await.is_some() && kept_at::<with_largest::Tally>(&store).await.is_some());
        }
    }
    assert_eq!(store.saves(), 6 + 6, "each every five events, no more");
}

/// A command of the other program.
#[derive(Clone)]
struct Nothing {}

impl es_core::HandledBy<with_largest::Tally> for Nothing {
    fn creates(&self) -> bool {
        false
    }

    fn name(&self) -> &'static str {
        "Nothing"
    }

    fn handled_by(self, _: &with_largest::Tally) -> es_core::Decision<with_largest::Tally> {
        Ok(es_core::events![])
    }
}

#[test]
fn the_codec_is_a_part_of_the_fingerprint_of_a_snapshot() {
    assert_ne!(Tally::snapshot_fingerprint::<Json>(), Tally::snapshot_fingerprint::<OtherJson>());
}

#[derive(Debug, Clone)]
struct OtherJson;

impl es_core::Codec for OtherJson {
    const SELF_DESCRIBING: bool = true;

    fn encode<T: serde::Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, es_core::CodecError> {
        Json.encode(value)
    }

    fn decode<T: serde::de::DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, es_core::CodecError> {
        Json.decode(bytes)
    }
}
