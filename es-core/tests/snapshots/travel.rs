//! Time travel starts from a snapshot only if that is provably on the way.

use es_core::store::EventStore;
use es_core::{ExpectedVersion, NewEvent, Position, Timestamp, Version};
use es_memory_store::MemoryStore;

use crate::tally::Tally;
use crate::watched::Watched;
use crate::{leave_snapshot_at, log_of, moved, stream, tallies};

#[tokio::test]
async fn every_moment_is_the_same_with_every_snapshot() {
    for cut in 1..=7 {
        let store = log_of(7).await;
        leave_snapshot_at(&store, cut).await;
        let (tallies, failures) = tallies::<Tally>(&store);
        for moment in 0..=8 {
            store.asked();
            let at_version = tallies.load_at("a", moment).await.unwrap();
            let version = moment.min(7);
            let spared = if cut <= moment { cut - 1 } else { 0 };
            assert_eq!(store.asked().events_read as u64, version - spared, "as of {moment}, snapshot at {cut}");
            let moments = [
                at_version,
                tallies.load_at("a", Position::new(moment)).await.unwrap(),
                tallies.load_at("a", Timestamp::from_micros(i64::try_from(moment).unwrap())).await.unwrap(),
            ];
            let total = i64::try_from(version * (version + 1) / 2).unwrap();
            for loaded in moments {
                assert_eq!(loaded.state(), &Tally { total, moves: version }, "as of {moment}, snapshot at {cut}");
                assert_eq!(loaded.version(), Version::new(version));
            }
        }
        assert_eq!(failures.told(), [""; 0]);
    }
}

/// The last event before the snapshot is early enough, but an earlier one is not, because a clock went back.
#[tokio::test]
async fn a_time_before_any_event_of_the_snapshot_is_replayed() {
    let store = Watched::on(MemoryStore::new());
    let event = |number, micros| NewEvent { recorded_at: Timestamp::from_micros(micros), ..moved(number, 1) };
    let events = vec![event(1, 10), event(2, 50), event(3, 20), event(4, 60)];
    store.append(&stream(), ExpectedVersion::NoStream, events).await.unwrap();
    leave_snapshot_at(&store, 3).await;
    let (tallies, _) = tallies::<Tally>(&store);
    for (micros, version) in [(9, 0), (10, 1), (20, 1), (49, 1), (50, 3), (59, 3), (60, 4)] {
        let loaded = tallies.load_at("a", Timestamp::from_micros(micros)).await.unwrap();
        assert_eq!((loaded.version(), loaded.state().moves), (Version::new(version), version), "at {micros}");
    }
}
