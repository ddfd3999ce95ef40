//! Filters and backward reads through upcasters: the same as reading everything forward, and choosing afterwards.

use es_core::store::{CheckpointName, CheckpointStore, Delivery};
use es_core::store::{EventFilter, EventStore, MultiAppend, MultiStreamAppend, ReadLog, ReadStream, Subscription};
use es_core::{ExpectedVersion, Position, ProjectionRunner, RecordedEvent, StreamId, UpcastingStore};
use serde_json::json;

use crate::parcel::{Parcels, TODAY};
use crate::{event, p, parcel, shown, stored, v};

fn filters() -> Vec<EventFilter> {
    let all = EventFilter::all;
    vec![
        all(),
        // Given by the upcaster, stored as others.
        all().names(["parcel-moved"]),
        all().names(["parcel-measured", "parcel-noted"]),
        // Stored, and read as others or as nothing.
        all().names(["parcel-weighed", "parcel-scanned"]),
        all().names(["parcel-registered"]).category("parcel"),
        all().category("parcel"),
        all().category("parce"),
        all().names(["parcel-moved"]).category("crate"),
    ]
}

fn selected(events: &[RecordedEvent], filter: &EventFilter) -> Vec<(u64, u64, String)> {
    events.iter().filter(|event| filter.selects(&event.stream, &event.name)).map(shown).collect()
}

/// The first of them that stand at so many places.
fn first(events: &[(u64, u64, String)], limit: usize) -> Vec<(u64, u64, String)> {
    events.chunk_by(|event, next| event.1 == next.1).take(limit).flatten().cloned().collect()
}

#[tokio::test]
async fn the_log_is_filtered_after_the_upcast_and_before_the_limit_in_both_directions() {
    let raw = stored(&["a", "b"]).await;
    let everything = UpcastingStore::new(raw.clone(), TODAY).read_log(ReadLog::all()).await.unwrap().events;
    let mut found = 0;
    for (filter, kept) in filters().into_iter().flat_map(|filter| [(filter.clone(), 100), (filter, 0)]) {
        for (after, up_to) in [(0, 99), (3, 21), (10, 11), (25, 26)] {
            let within = |event: &&RecordedEvent| event.position > p(after) && event.position <= p(up_to);
            let within: Vec<_> = everything.iter().filter(within).cloned().collect();
            let forward = selected(&within, &filter);
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            found += forward.len();
            for limit in [1, 2, 3, 26, usize::MAX] {
                let range = ReadLog::after(p(after)).up_to(p(up_to)).filter(filter.clone()).limit(limit);
                for (range, wanted) in [(range.clone(), &forward), (range.backward(), &backward)] {
                    let store = UpcastingStore::new(raw.clone(), TODAY).with_contexts(kept);
                    let (mut rest, mut read, mut pages) = (range.clone(), vec![], 0);
                    loop {
                        let page = store.read_log(rest.clone()).await.unwrap();
                        let shown: Vec<_> = page.events.iter().map(shown).collect();
                        if pages == 0 && filter.selected_names().is_some() {
                            assert_eq!(shown, first(wanted, limit), "{range:?}");
                        }
                        assert!(shown.chunk_by(|event, next| event.1 == next.1).count() <= limit);
                        read.extend(shown);
                        pages += 1;
                        if page.is_end {
                            break;
                        }
                        let next = rest.clone().resume(page.through);
                        assert!(next != rest, "stuck at {rest:?}");
                        rest = next;
                    }
                    assert_eq!(&read, wanted, "{range:?}");
                }
            }
        }
    }
    assert!(found > 50, "{found}");
}

#[tokio::test]
async fn a_stream_is_filtered_after_the_upcast_and_before_the_limit_in_both_directions() {
    let raw = stored(&["a", "b"]).await;
    let store = UpcastingStore::new(raw.clone(), TODAY);
    let everything = store.read_stream(&parcel("b"), ReadStream::all()).await.unwrap().events;
    for filter in filters() {
        for (after, up_to) in (0..=13).flat_map(|after| (0..=14).map(move |up_to| (after, up_to))) {
            let within = |event: &&RecordedEvent| event.version > v(after) && event.version <= v(up_to);
            let within: Vec<_> = everything.iter().filter(within).cloned().collect();
            let forward = selected(&within, &filter);
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            for limit in [1, 2, usize::MAX] {
                let range = ReadStream::after(v(after)).up_to(v(up_to)).filter(filter.clone()).limit(limit);
                for (range, wanted) in [(range.clone(), &forward), (range.backward(), &backward)] {
                    let fresh = UpcastingStore::new(raw.clone(), TODAY);
                    let (mut rest, mut read) = (range.clone(), vec![]);
                    loop {
                        let page = fresh.read_stream(&parcel("b"), rest.clone()).await.unwrap();
                        assert_eq!(page.version, v(13));
                        read.extend(page.events.iter().map(shown));
                        if page.is_end {
                            break;
                        }
                        rest = rest.resume(page.through);
                    }
                    assert_eq!(&read, wanted, "{range:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_and_a_projection_see_what_an_upcaster_gives() {
    let raw = stored(&["a"]).await;
    let moves = EventFilter::all().names(["parcel-moved"]);
    let store = UpcastingStore::new(raw, TODAY);
    let everything = store.read_log(ReadLog::all()).await.unwrap().events;
    let mut subscription = Subscription::new(store.clone(), Position::START).filter(moves.clone());
    let mut seen = vec![];
    loop {
        match subscription.next().await.unwrap() {
            Delivery::Event(event) => seen.push(event),
            Delivery::Advanced(_) => {}
            Delivery::CaughtUp(through) => break assert_eq!(through, p(13)),
        }
    }
    assert_eq!(selected(&seen, &EventFilter::all()), selected(&everything, &moves));
    assert!(!seen.is_empty());
    let runner = ProjectionRunner::new(store, Parcels::default());
    assert_eq!(runner.catch_up().await.unwrap(), p(13));
}

#[tokio::test]
async fn the_checkpoint_of_a_subscription_moves_with_the_last_part_of_an_event() {
    let store = UpcastingStore::new(stored(&["a"]).await, TODAY);
    let everything = store.read_log(ReadLog::all()).await.unwrap().events;
    let mut subscription = Subscription::new(store, Position::START);
    let mut parts = 0;
    for (at, event) in everything.iter().enumerate() {
        let before = subscription.checkpoint();
        assert_eq!(subscription.next().await.unwrap(), Delivery::Event(event.clone()));
        if everything.get(at + 1).is_some_and(|next| next.position == event.position) {
            assert!(subscription.checkpoint() < event.position && subscription.checkpoint() >= before);
            parts += 1;
        } else {
            assert!(subscription.checkpoint() >= event.position);
        }
    }
    assert_eq!((parts, subscription.checkpoint()), (1, p(13)));
}

#[tokio::test]
async fn the_capabilities_of_the_store_below_are_passed_on() {
    let store = UpcastingStore::new(stored(&["a"]).await, TODAY);
    let name = CheckpointName::new("parcels").unwrap();
    store.save_checkpoint(&name, None, p(4)).await.unwrap();
    store.reset_checkpoint(&name, Some(p(4)), p(2)).await.unwrap();
    assert_eq!(store.list_checkpoints().await.unwrap(), [(name.clone(), p(2))]);
    assert_eq!(store.store().load_checkpoint(&name).await.unwrap(), Some(p(2)));
    assert_eq!(store.delete_checkpoint(&name).await.unwrap(), Some(p(2)));
    let noted = event(99, "parcel-noted", &json!({"text": "x"}));
    let other = StreamId::new("crate", 1).unwrap();
    let batch = MultiAppend::new().append(&other, ExpectedVersion::NoStream, vec![noted]);
    let done = store.append_multi(batch.check(&parcel("a"), ExpectedVersion::Exact(v(13)))).await.unwrap();
    assert_eq!(done.position, Some(p(14)));
}
