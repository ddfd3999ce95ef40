//! What a copy writes.

use es_core::copy::{CopyError, CopyOptions, copy_transform, part_id};
use es_core::store::{EventStore, Limits, ReadStream};
use es_core::{
    EventId, EventName, Events, ExpectedVersion, NewEvent, RecordedEvent, StreamId, StreamUpcaster, UpcastingStore,
    Version,
};
use es_memory_store::MemoryStore;

use crate::faulty::Tampered;
use crate::{Transformed, changed, event, log, orders, p, same, stream};

/// Copies `source` into an empty store.
async fn copied<S: EventStore>(source: &S, transform: fn(RecordedEvent) -> Transformed) -> Vec<RecordedEvent> {
    let target = MemoryStore::new();
    let report = copy_transform(source, &target, transform, CopyOptions::new().batch(3)).await.unwrap();
    let copied = log(&target).await;
    assert_eq!((report.present, report.written), (0, copied.len() as u64));
    assert_eq!(report.checksum.events, copied.len() as u64);
    copied
}

/// Stream, version, name and id of each event.
fn shown(events: &[RecordedEvent]) -> Vec<(&str, u64, &str, EventId)> {
    events.iter().map(|event| (event.stream.as_str(), event.version.get(), event.name.as_str(), event.id)).collect()
}

#[tokio::test]
async fn an_unchanged_copy_is_equal() {
    let source = orders(4).await;
    assert_eq!(copied(&source, same).await, log(&source).await);
    assert_eq!(copied(&MemoryStore::new(), same).await, []);
}

#[tokio::test]
async fn events_can_be_dropped() {
    let source = orders(3).await;
    let kept =
        copied(&source, |event| Ok(if event.name == "order-printed" { Events::none() } else { Events::one(event) }));
    let kept = kept.await;
    assert_eq!(kept.len(), 12);
    for order in ["order-0", "order-1", "order-2"] {
        let of_order: Vec<_> = kept.iter().filter(|event| event.stream.as_str() == order).collect();
        let names: Vec<_> = of_order.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, ["order-placed", "order-paid", "order-noted", "order-sent"]);
        assert_eq!(of_order.iter().map(|event| event.version.get()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
    assert_eq!(copied(&source, |_| Ok(Events::none())).await, []);
}

#[tokio::test]
async fn names_payloads_and_versions_of_shapes_can_be_changed_and_the_rest_is_kept() {
    let source = orders(2).await;
    let renamed = copied(&source, |event| {
        let payload = [b"new ", &event.payload[..]].concat().into();
        Ok(Events::one(RecordedEvent { name: EventName::from_static("renamed"), schema_version: 7, payload, ..event }))
    });
    for (new, old) in renamed.await.into_iter().zip(log(&source).await) {
        let payload = [b"new ", &old.payload[..]].concat().into();
        let name = EventName::from_static("renamed");
        assert_eq!(new, RecordedEvent { name, schema_version: 7, payload, ..old });
    }
}

#[tokio::test]
async fn many_streams_can_become_one_in_the_order_of_the_log() {
    let source = orders(3).await;
    let one = copied(&source, |event| Ok(Events::one(RecordedEvent { stream: stream("order-all"), ..event }))).await;
    let old = log(&source).await;
    for (number, (new, old)) in (1..).zip(one.into_iter().zip(old)) {
        assert_eq!(new, RecordedEvent { stream: stream("order-all"), version: Version::new(number), ..old });
    }
}

#[tokio::test]
async fn one_event_can_become_several_with_ids_of_their_own() {
    let source = MemoryStore::new();
    let events = vec![event(1, "order-placed"), event(2, "order-sent"), event(3, "order-noted")];
    source.append(&stream("order-a"), ExpectedVersion::NoStream, events).await.unwrap();
    let id = |number| event(number, "x").id;
    let new = copied(&source, changed).await;
    assert_eq!(
        shown(&new),
        [
            ("order-a", 1, "order-placed", id(1)),
            ("parcel-a", 1, "parcel-packed", id(2)),
            ("order-a", 2, "order-sent", part_id(id(2), 1)),
            ("parcel-a", 2, "parcel-sent", part_id(id(2), 2)),
            ("note-all", 1, "note-taken", id(3)),
        ]
    );
    assert_eq!(new[1].metadata, event(2, "x").metadata);
}

#[tokio::test]
async fn an_id_that_the_transform_chooses_is_kept() {
    let source = orders(1).await;
    let chosen = |event: &RecordedEvent| EventId::new(uuid::Uuid::from_u128(event.id.as_uuid().as_u128() + 1));
    let both = copied(&source, |event| {
        let id = EventId::new(uuid::Uuid::from_u128(event.id.as_uuid().as_u128() + 1));
        Ok(vec![event.clone(), RecordedEvent { id, ..event }].into())
    });
    let old = log(&source).await;
    let ids: Vec<_> = both.await.iter().map(|event| event.id).collect();
    assert_eq!(ids, old.iter().flat_map(|event| [event.id, chosen(event)]).collect::<Vec<_>>());
}

/// Reads each event as two, and every third of a stream not at all.
struct Doubling;

impl StreamUpcaster for Doubling {
    type Context = u64;

    fn applies_to(&self, _: &StreamId) -> bool {
        true
    }

    fn upcast(&self, seen: &mut u64, event: RecordedEvent) -> Transformed {
        *seen += 1;
        Ok(if seen.is_multiple_of(3) { Events::none() } else { vec![event.clone(), event].into() })
    }
}

#[tokio::test]
async fn a_copy_of_an_upcasting_store_holds_what_that_one_reads() {
    let source = UpcastingStore::new(orders(3).await, Doubling);
    let read = log(&source).await;
    assert_eq!(read.len(), 2 * (15 - 3));
    let new = copied(&source, same).await;
    for (new, old) in new.chunks(2).zip(read.chunks(2)) {
        let ids = [old[0].id, part_id(old[0].id, 1)];
        for ((new, old), id) in new.iter().zip(old).zip(ids) {
            assert_eq!(*new, RecordedEvent { version: new.version, position: new.position, id, ..old.clone() });
        }
    }
}

#[tokio::test]
async fn what_goes_to_one_stream_next_to_each_other_is_appended_together() {
    let source = MemoryStore::new();
    for (name, numbers) in [("order-a", 1..=2), ("order-a", 3..=5), ("order-b", 6..=6), ("order-a", 7..=9)] {
        let events: Vec<NewEvent> = numbers.map(|number| event(number, "x")).collect();
        source.append(&stream(name), ExpectedVersion::Any, events).await.unwrap();
    }
    let batches = async |options: CopyOptions<'static>, limits| {
        let target = Tampered::of(MemoryStore::with_limits(limits), |events| events);
        copy_transform(&source, &target, same, options).await.unwrap();
        assert_eq!(log(&target.store).await, log(&source).await);
        target.batches.into_inner().unwrap()
    };
    let limits = MemoryStore::new().limits();
    assert_eq!(batches(CopyOptions::new(), limits).await, [5, 1, 3]);
    assert_eq!(batches(CopyOptions::new().batch(4), limits).await, [4, 1, 1, 2, 1]);
    assert_eq!(batches(CopyOptions::new().batch(0), limits).await, [1; 9]);
    assert_eq!(batches(CopyOptions::new(), Limits { batch_events: 2, ..limits }).await, [2, 2, 1, 1, 2, 1]);
}

#[tokio::test]
async fn a_transform_that_fails_says_where() {
    let (source, target) = (orders(2).await, MemoryStore::new());
    let failing = |event: RecordedEvent| if event.position == p(5) { Err("no".into()) } else { same(event) };
    let error = copy_transform(&source, &target, failing, CopyOptions::new().batch(2)).await.unwrap_err();
    let at = log(&source).await[4].clone();
    assert!(
        matches!(&error, CopyError::Transform { stream, version, position, name, cause }
            if *stream == at.stream && *version == at.version && *position == p(5) && *name == at.name
                && cause.to_string() == "no"),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "event {} of stream `{}` at position 5 could not be transformed from `{}`",
            at.version, at.stream, at.name
        )
    );
    assert_eq!(log(&target).await, log(&source).await[..4], "what was before it is there");
}

/// Compiles for what can be sent to another thread.
fn sent<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn every_form_of_a_store_can_be_copied_from_and_to() {
    let (source, target) = (orders(2).await, MemoryStore::new());
    let (from, to): (Box<dyn EventStore>, &dyn EventStore) = (Box::new(source.clone()), &target);
    sent(copy_transform(&*from, to, changed, CopyOptions::new())).await.unwrap();
    assert_eq!(log(&target).await, copied(&source, changed).await);
    let page = target.read_stream(&stream("order-0"), ReadStream::all()).await.unwrap();
    assert_eq!(page.version, Version::new(3));
}
