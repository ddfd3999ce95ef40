//! Snapshots of streams that are read through a stream upcaster: taken of what is read, and proved by it.

use es_core::{Events, RecordedEvent, Repository, StreamId, StreamUpcaster, UpcastingStore};

use crate::tally::{Move, Tally};
use crate::{kept_at, log_of};

/// Of the events with an odd version nothing is read.
#[derive(Clone, Copy)]
struct EvenVersions;

impl StreamUpcaster for EvenVersions {
    type Context = ();

    fn applies_to(&self, _: &StreamId) -> bool {
        true
    }

    fn upcast(
        &self,
        (): &mut (),
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(if event.version.get().is_multiple_of(2) { Events::one(event) } else { Events::none() })
    }
}

#[tokio::test]
async fn a_snapshot_stands_on_the_last_event_that_is_read() {
    for is_cached in [false, true] {
        let store = log_of(4).await;
        let plain = Repository::<Tally, _>::new(UpcastingStore::new(store.clone(), EvenVersions));
        let tallies = plain.clone().with_snapshots_in(store.clone()).with_cache(if is_cached { 10 } else { 0 });
        let tallies = tallies.on_snapshot_failure(|failure| panic!("{failure}"));
        let mut kept = Vec::new();
        for number in 5..=20 {
            let done = tallies.execute("a", Move { by: number }).await.unwrap();
            assert_eq!(done.version.get(), number.unsigned_abs());
            kept.extend(kept_at::<Tally>(&store).await);
            let (now, whole) = (tallies.load("a").await.unwrap(), plain.load("a").await.unwrap());
            assert_eq!((now.state(), now.version()), (whole.state(), whole.version()), "after {number}");
        }
        kept.dedup();
        // The snapshot after event 5, which is read as nothing, is that of the state after event 4.
        assert_eq!(kept, if is_cached { [4, 10, 14, 20] } else { [4, 8, 12, 16] });
    }
}
