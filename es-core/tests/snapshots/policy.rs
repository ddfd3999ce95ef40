//! When a snapshot is taken, and what it spares.

use crate::tally::{Begin, Move, Tally};
use crate::watched::{Watched, asked};
use crate::{Tallies, append, kept, kept_at, leave_snapshot_at, log_of, replayed, stream, tallies};
use es_core::{Aggregate, Json, Metadata, Position, Snapshotted, Timestamp, Version};
use es_memory_store::MemoryStore;

/// SN-09, SN-16.
#[tokio::test]
async fn the_next_load_replays_only_what_came_after() {
    let store = log_of(4).await;
    let (tallies, failures) = tallies::<Tally>(&store);
    tallies.execute("a", Move { by: 5 }).await.unwrap();
    assert_eq!(kept_at::<Tally>(&store).await, Some(5));
    store.asked();
    assert_eq!(tallies.load("a").await.unwrap().state(), &Tally { total: 15, moves: 5 });
    assert_eq!(store.asked(), asked(1, 1, 0), "nothing but the event that the snapshot stands on");
    append(&store, [6, 7]).await;
    store.asked();
    assert_eq!(tallies.load("a").await.unwrap().state(), &Tally { total: 28, moves: 7 });
    assert_eq!(store.asked(), asked(1, 3, 0));
    assert_eq!(failures.told(), [""; 0]);
}

/// SN-09: the covered events are not replayed, or a state that is not theirs would not be seen.
#[tokio::test]
async fn what_a_snapshot_covers_is_not_folded_again() {
    let store = log_of(7).await;
    leave_snapshot_at(&store, 5).await;
    let mut snapshot = kept::<Tally>(&store).await.unwrap();
    snapshot.payload = Tally { total: 1_000, moves: 0 }.encode_state(&Json).unwrap().into();
    es_core::store::SnapshotStore::save_snapshot(&store, snapshot).await.unwrap();
    let (tallies, _) = tallies::<Tally>(&store);
    assert_eq!(tallies.load("a").await.unwrap().state(), &Tally { total: 1_013, moves: 2 });
}

/// SN-10: fewer, exactly, more, again.
#[tokio::test]
async fn one_is_taken_each_time_that_so_many_events_have_come() {
    let store = Watched::on(MemoryStore::new());
    let (tallies, failures) = tallies::<Tally>(&store);
    let mut taken = Vec::new();
    for _ in 1..=11 {
        tallies.execute("a", Move { by: 1 }).await.unwrap();
        taken.push(kept_at::<Tally>(&store).await.unwrap_or(0));
    }
    assert_eq!(taken, [0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10]);
    assert_eq!((store.saves(), failures.told().len()), (2, 0));
}

/// SN-10: enabled late, disabled, 0.
#[tokio::test]
async fn a_repository_takes_and_uses_them_only_if_told_to() {
    let store = log_of(12).await;
    Tallies::<Tally>::new(store.clone()).execute("a", Move { by: 1 }).await.unwrap();
    assert_eq!(store.saves(), 0, "nobody has said where");
    let (tallies, _) = tallies::<Tally>(&store);
    tallies.clone().snapshot_every(0).execute("a", Move { by: 1 }).await.unwrap();
    assert_eq!(store.saves(), 0, "0 takes none");
    tallies.clone().snapshot_every(15).execute("a", Move { by: 1 }).await.unwrap();
    assert_eq!(kept_at::<Tally>(&store).await, Some(15));
    store.asked();
    tallies.clone().snapshot_every(0).load("a").await.unwrap();
    assert_eq!(store.asked().events_read, 1, "0 uses what is there");
    Tallies::<Tally>::new(store.clone()).load("a").await.unwrap();
    assert_eq!(store.asked().events_read, 15, "without, what is there is ignored");
}

#[tokio::test]
async fn a_refused_command_takes_none_and_one_that_creates_may() {
    let store = log_of(9).await;
    let (tallies, _) = tallies::<Tally>(&store);
    tallies.execute("a", Move { by: -1_000 }).await.unwrap_err();
    assert_eq!(store.saves(), 0);
    tallies.clone().snapshot_every(1).execute("b", Begin {}).await.unwrap();
    assert_eq!(store.saves(), 1);
    assert_eq!(tallies.load("b").await.unwrap().state(), &Tally { total: 1, moves: 1 });
}

/// SN-08.
#[tokio::test]
async fn a_snapshot_says_what_it_stands_on() {
    let store = log_of(3).await;
    let (tallies, _) = tallies::<Tally>(&store);
    let tallies = tallies.with_clock(|| Timestamp::from_micros(2));
    let done =
        [tallies.execute("a", Move { by: 4 }).await.unwrap(), tallies.execute("a", Move { by: 5 }).await.unwrap()];
    let snapshot = kept::<Tally>(&store).await.unwrap();
    assert_eq!((snapshot.stream, snapshot.version, snapshot.position), (stream(), Version::new(5), Position::new(5)));
    assert_eq!(Some(snapshot.event_id), done[1].last_event_id);
    let at = Timestamp::from_micros;
    assert_eq!((snapshot.recorded_at, snapshot.latest_at, snapshot.taken_at), (at(2), at(3), at(2)));
    assert_eq!(&snapshot.payload[..], br#"{"total":15,"moves":5}"#);
}

#[tokio::test]
async fn an_aggregate_at_hand_takes_them_too_and_has_then_seen_everything() {
    let store = log_of(3).await;
    let (tallies, _) = tallies::<Tally>(&store);
    let mut loaded = tallies.load("a").await.unwrap();
    tallies.execute_on(&mut loaded, Move { by: 4 }, Metadata::new()).await.unwrap();
    assert_eq!((loaded.version(), store.saves()), (Version::new(3), 0));
    tallies.execute_on(&mut loaded, Move { by: 5 }, Metadata::new()).await.unwrap();
    assert_eq!((loaded.version(), store.saves()), (Version::new(5), 1));
    assert_eq!(loaded.state(), &replayed::<Tally>(&store).await);
    tallies.execute_on(&mut loaded, Move { by: 6 }, Metadata::new()).await.unwrap();
    assert_eq!(store.saves(), 0);
}

/// SN-15, SN-16.
#[tokio::test]
async fn snapshot_and_tail_are_the_whole_at_every_cut() {
    for cut in 1..=9 {
        let store = log_of(9).await;
        leave_snapshot_at(&store, cut).await;
        let (tallies, failures) = tallies::<Tally>(&store);
        let loaded = tallies.load("a").await.unwrap();
        assert_eq!(loaded.state(), &replayed::<Tally>(&store).await, "cut at {cut}");
        assert_eq!((loaded.version(), loaded.position()), (Version::new(9), Position::new(9)));
        assert_eq!(loaded.recorded_at(), Some(Timestamp::from_micros(9)));
        assert_eq!(store.asked().events_read, 9 - usize::try_from(cut).unwrap() + 1);
        let done = tallies.execute("a", Move { by: 1 }).await.unwrap();
        assert_eq!((done.version, failures.told().len()), (Version::new(10), 0));
    }
}

#[tokio::test]
async fn they_may_be_kept_in_another_store() {
    let (store, other) = (log_of(4).await, MemoryStore::new());
    let tallies = Tallies::<Tally>::new(store.clone()).with_snapshots_in(std::sync::Arc::new(other.clone()));
    tallies.execute("a", Move { by: 5 }).await.unwrap();
    assert_eq!(kept_at::<Tally>(&store).await, None);
    assert_eq!(kept_at::<Tally>(&Watched::on(other)).await, Some(5));
    store.asked();
    assert_eq!(tallies.load("a").await.unwrap().state().total, 15);
    assert_eq!(store.asked().events_read, 1);
}

#[test]
fn the_attribute_gives_the_policy() {
    assert_eq!((Tally::EVERY, Tally::FOLD, Tally::NAME), (5, 1, "tally"));
}
