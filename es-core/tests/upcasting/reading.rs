//! What a stream and the log are read as does not depend on where a read starts, nor on how large its pages are.

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{RecordedEvent, StreamUpcaster, UpcastingStore, Version};
use es_memory_store::MemoryStore;

use crate::parcel::{Measure, Move, TODAY};
use crate::{event, expected, history, p, parcel, shown, stored, v};

type Seen = Vec<(u64, u64, String)>;

/// Reads a stream from `after` page by page; each page must go further, up to the end of the stream.
async fn pages<S: EventStore>(store: &S, after: u64, limit: usize) -> Vec<RecordedEvent> {
    let (mut read, mut through) = (Vec::new(), v(after));
    loop {
        let page = store.read_stream(&parcel("a"), ReadStream::after(through).limit(limit)).await.unwrap();
        assert_eq!(page.version, v(history().len() as u64), "the version is that of the stored events");
        if through >= page.version {
            assert_eq!((page.events, page.through), (vec![], through));
            return read;
        }
        assert!(page.through > through, "nothing after {through}");
        assert!(!page.events.is_empty() || page.through == page.version, "empty before the end");
        let within = page.events.iter().all(|event| event.version > through && event.version <= page.through);
        assert!(within, "{page:?}");
        through = page.through;
        read.extend(page.events);
    }
}

/// The same for the log.
async fn log_pages<S: EventStore>(store: &S, after: u64, limit: usize) -> Vec<RecordedEvent> {
    let (mut read, mut through) = (Vec::new(), p(after));
    loop {
        let page = store.read_log(ReadLog::after(through).limit(limit)).await.unwrap();
        if through >= page.head {
            assert_eq!((page.events, page.through), (vec![], through));
            return read;
        }
        assert!(page.through > through, "nothing after {through}");
        assert!(!page.events.is_empty() || page.through == page.head, "empty before the end");
        let within = page.events.iter().all(|event| event.position > through && event.position <= page.through);
        assert!(within, "{page:?}");
        through = page.through;
        read.extend(page.events);
    }
}

fn all(events: &[RecordedEvent]) -> Seen {
    events.iter().map(shown).collect()
}

fn beyond(seen: &Seen, after: u64) -> Seen {
    seen.iter().filter(|(version, ..)| *version > after).cloned().collect()
}

#[tokio::test]
async fn several_events_are_one_and_a_value_comes_from_an_earlier_one() {
    let store = UpcastingStore::new(stored(&["a"]).await, TODAY);
    let page = store.read_stream(&parcel("a"), ReadStream::all()).await.unwrap();
    assert_eq!(all(&page.events), expected());
    assert_eq!((page.through, page.version), (v(13), v(13)));
    let log = store.read_log(ReadLog::after(p(0))).await.unwrap();
    assert_eq!((log.events, log.through, log.head), (page.events, p(13), p(13)));
}

#[tokio::test]
async fn a_stream_reads_the_same_from_everywhere_in_pages_of_every_size() {
    let raw = stored(&["a"]).await;
    let last = history().len() as u64;
    for kept in [0, 1, 2, 100] {
        let shared = UpcastingStore::new(raw.clone(), TODAY).with_contexts(kept);
        for after in 0..=last {
            for limit in (1..=history().len() + 1).chain([usize::MAX]) {
                let fresh = UpcastingStore::new(raw.clone(), TODAY);
                assert_eq!(all(&pages(&fresh, after, limit).await), beyond(&expected(), after), "{after} {limit}");
                assert_eq!(all(&pages(&shared, after, limit).await), beyond(&expected(), after), "{after} {limit}");
            }
        }
    }
}

#[tokio::test]
async fn any_range_is_cut_at_stored_versions() {
    let store = UpcastingStore::new(stored(&["a"]).await, TODAY);
    for (after, up_to) in (0..=14).flat_map(|after| (0..=14).map(move |up_to| (after, up_to))) {
        let range = ReadStream::after(v(after)).up_to(v(up_to));
        let mut wanted = beyond(&expected(), after);
        wanted.retain(|(version, ..)| *version <= up_to);
        let page = store.read_stream(&parcel("a"), range.clone()).await.unwrap();
        assert_eq!(all(&page.events), wanted, "{after} to {up_to}");
        assert_eq!(page.through, v(after.max(up_to.min(13))), "{after} to {up_to}");

        for limit in 1..5 {
            let first = store.read_stream(&parcel("a"), range.clone().limit(limit)).await.unwrap();
            let mut wanted = wanted.clone();
            wanted.retain(|(version, ..)| *version <= first.through.get());
            assert_eq!(all(&first.events), wanted, "the first {limit} of {after} to {up_to}");
            assert!(!wanted.is_empty() || first.through == page.through, "the first {limit} of {after} to {up_to}");
            assert!(first.through <= page.through);
        }
    }
}

#[tokio::test]
async fn the_log_reads_the_same_from_everywhere_in_pages_of_every_size() {
    let raw = stored(&["a", "b", "c"]).await;
    // Event n of the three stands at 3n - 2, 3n - 1 and 3n.
    let in_turn = |(version, _, text): &(u64, u64, String)| {
        [2, 1, 0].map(|before| (*version, version * 3 - before, text.clone()))
    };
    let mut wanted: Seen = expected().iter().flat_map(in_turn).collect();
    wanted.sort_by_key(|(_, position, _)| *position);
    for kept in [0, 1, 2, 100] {
        let shared = UpcastingStore::new(raw.clone(), TODAY).with_contexts(kept);
        for after in 0..=39 {
            let wanted: Seen = wanted.iter().filter(|(_, position, _)| *position > after).cloned().collect();
            for limit in [1, 2, 3, 4, 5, 7, 12, 38, 39, 40] {
                let fresh = UpcastingStore::new(raw.clone(), TODAY);
                assert_eq!(all(&log_pages(&fresh, after, limit).await), wanted, "{after} {limit}");
                assert_eq!(all(&log_pages(&shared, after, limit).await), wanted, "{after} {limit} {kept}");
            }
        }
    }
}

#[tokio::test]
async fn what_an_event_is_read_as_keeps_the_rest_of_it() {
    let raw = stored(&["a"]).await;
    let store = UpcastingStore::new(raw.clone(), TODAY);
    let stored = raw.read_stream(&parcel("a"), ReadStream::all()).await.unwrap().events;
    let read = store.read_stream(&parcel("a"), ReadStream::all()).await.unwrap().events;
    for event in &read {
        let origin = stored.iter().find(|origin| origin.version == event.version).unwrap();
        assert_eq!((&event.stream, event.position, event.id), (&origin.stream, origin.position, origin.id));
        assert_eq!((event.recorded_at, &event.metadata), (origin.recorded_at, &origin.metadata));
    }
    assert_eq!(stored, store.store().read_stream(&parcel("a"), ReadStream::all()).await.unwrap().events);
}

#[tokio::test]
async fn an_upcaster_cannot_move_an_event_to_another_place() {
    /// Gives the event before the one at hand.
    struct Behind;
    impl StreamUpcaster for Behind {
        type Context = Option<RecordedEvent>;
        fn applies_to(&self, _: &es_core::StreamId) -> bool {
            true
        }
        fn upcast(
            &self,
            held: &mut Option<RecordedEvent>,
            event: RecordedEvent,
        ) -> Result<es_core::Events<RecordedEvent>, Box<dyn std::error::Error + Send + Sync>> {
            let stream = parcel("elsewhere");
            Ok(held.replace(RecordedEvent { stream, ..event }).into_iter().collect())
        }
    }
    let store = UpcastingStore::new(stored(&["a"]).await, Behind);
    let page = store.read_stream(&parcel("a"), ReadStream::after(v(3)).limit(2)).await.unwrap();
    let places: Vec<_> =
        page.events.iter().map(|event| (event.stream.clone(), event.version, event.position)).collect();
    assert_eq!(places, [(parcel("a"), v(4), p(4)), (parcel("a"), v(5), p(5))]);
    assert_eq!(page.events[0].name, "parcel-noted", "it is the third event that is seen with the fourth");
}

#[tokio::test]
async fn a_pair_reads_what_the_first_gives_through_the_second_and_not_the_other_way_round() {
    let raw = stored(&["a"]).await;
    let read = async |page: Result<es_core::store::StreamPage, _>| {
        let page: es_core::store::StreamPage = page.map_err(|error: es_core::store::ReadError| error).unwrap();
        all(&page.events)
    };
    let (stream, everything) = (parcel("a"), ReadStream::all());
    let in_order = UpcastingStore::new(raw.clone(), (Measure, Move));
    assert_eq!(read(in_order.read_stream(&stream, everything.clone()).await).await, expected());
    // Turned round, nothing has been measured by the time it is moved.
    let turned = UpcastingStore::new(raw.clone(), (Move, Measure));
    let without_grams: Seen = expected()
        .into_iter()
        .map(|(version, position, text)| match text.strip_prefix("parcel-moved") {
            Some(_) => (version, position, text.replace("\"grams\":500", "\"grams\":0").replace(":600", ":0")),
            None => (version, position, text),
        })
        .collect();
    assert_eq!(read(turned.read_stream(&stream, everything.clone()).await).await, without_grams);
    let three = UpcastingStore::new(raw, ((Measure, Move), Measure));
    assert_eq!(read(three.read_stream(&stream, everything).await).await, expected());
}

#[tokio::test]
async fn streams_of_others_are_read_as_they_are() {
    let raw = stored(&["a"]).await;
    let other: es_core::StreamId = "letter-a".parse().unwrap();
    let weighed = event(99, "parcel-weighed", &serde_json::json!({"grams": 1}));
    raw.append(&other, es_core::ExpectedVersion::NoStream, vec![weighed]).await.unwrap();
    let store = UpcastingStore::new(raw.clone(), TODAY);
    let page = store.read_stream(&other, ReadStream::all()).await.unwrap();
    assert_eq!(page, raw.read_stream(&other, ReadStream::all()).await.unwrap());
    let log = store.read_log(ReadLog::after(p(13))).await.unwrap();
    assert_eq!(log.events, page.events);
}

#[tokio::test]
async fn what_does_not_exist_reads_as_empty() {
    let store = UpcastingStore::new(MemoryStore::new(), TODAY);
    let page = store.read_stream(&parcel("a"), ReadStream::all()).await.unwrap();
    assert_eq!((page.events, page.through, page.version), (vec![], Version::EMPTY, Version::EMPTY));
    let log = store.read_log(ReadLog::after(p(0))).await.unwrap();
    assert_eq!((log.events, log.through, log.head), (vec![], p(0), p(0)));
    let nothing = UpcastingStore::new(stored(&["a"]).await, TODAY);
    let page = nothing.read_stream(&parcel("a"), ReadStream::after(v(5)).limit(0)).await.unwrap();
    assert_eq!((page.events, page.through, page.version), (vec![], v(5), v(13)));
    let log = nothing.read_log(ReadLog::after(p(5)).limit(0)).await.unwrap();
    assert_eq!((log.events, log.through, log.head), (vec![], p(5), p(13)));
}
