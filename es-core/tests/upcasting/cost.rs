//! What a read costs: how many events the store is asked for.

use es_core::store::{EventStore, ReadLog, ReadStream};
use es_core::{ExpectedVersion, Position, UpcastingStore, Version};
use es_memory_store::MemoryStore;
use serde_json::json;

use crate::parcel::{Measure, Move, TODAY};
use crate::wrappers::Faulty;
use crate::{event, p, parcel, shown, v};

const PARCELS: u64 = 20;
const EVENTS: u64 = 2_000;
/// One for each parcel.
const ROOM: usize = 20;

/// Parcels that are noted in turn.
async fn noted() -> MemoryStore {
    let store = MemoryStore::new();
    for number in 1..=EVENTS {
        let stream = parcel(&(number % PARCELS).to_string());
        let noted = event(number, "parcel-noted", &json!({"text": "x"}));
        store.append(&stream, ExpectedVersion::Any, vec![noted]).await.unwrap();
    }
    store
}

fn counted(store: &MemoryStore, contexts: usize) -> UpcastingStore<Faulty, (Measure, Move)> {
    UpcastingStore::new(Faulty::counting(store.clone()), TODAY).with_contexts(contexts)
}

async fn read_on(store: &UpcastingStore<Faulty, (Measure, Move)>, from: u64, limit: usize) -> u64 {
    let mut through = p(from);
    while through < p(EVENTS) {
        through = store.read_log(ReadLog::after(through).limit(limit)).await.unwrap().through;
    }
    store.store().count()
}

#[tokio::test]
async fn a_log_is_read_once_with_room_for_its_streams() {
    let raw = noted().await;
    for limit in [1, 7, 100, 5_000] {
        assert_eq!(read_on(&counted(&raw, ROOM), 0, limit).await, EVENTS, "{limit}");
    }
}

#[tokio::test]
async fn a_read_from_a_checkpoint_reads_what_is_before_it_once() {
    let raw = noted().await;
    for from in [1, 500, 1_999] {
        let before = from.min(from / PARCELS * PARCELS + PARCELS);
        let cost = read_on(&counted(&raw, ROOM), from, 10).await;
        assert!(cost >= EVENTS - from && cost <= EVENTS - from + before, "{cost} from {from}");
    }
}

#[tokio::test]
async fn several_readers_at_their_own_pace_read_the_log_once_each() {
    let raw = noted().await;
    let store = counted(&raw, 10_000);
    let (mut through, mut rounds) = ([Position::START; 3], 0);
    while through[2] < p(EVENTS) {
        for (reader, limit) in [(0, 30), (1, 30), (2, 10)] {
            through[reader] = store.read_log(ReadLog::after(through[reader]).limit(limit)).await.unwrap().through;
        }
        rounds += 1;
    }
    assert_eq!((rounds, store.store().count()), (200, 3 * EVENTS));
}

#[tokio::test]
async fn without_room_everything_is_read_again_and_is_the_same() {
    let raw = noted().await;
    let (roomy, cramped) = (counted(&raw, 10_000), counted(&raw, 0));
    for from in (0..EVENTS).step_by(10) {
        let range = ReadLog::after(p(from)).limit(10);
        let (one, other) = (roomy.read_log(range.clone()).await.unwrap(), cramped.read_log(range).await.unwrap());
        assert_eq!(one, other);
    }
    // Each event is read with those before it in its stream: the square that the contexts are there to avoid.
    let length = EVENTS / PARCELS;
    assert_eq!(cramped.store().count(), PARCELS * (length * (length + 1) / 2));
    assert_eq!(roomy.store().count(), EVENTS);
}

#[tokio::test]
async fn who_reads_on_in_a_stream_reads_only_what_is_new() {
    let raw = noted().await;
    let store = counted(&raw, 10);
    let one = parcel("1");
    let page = store.read_stream(&one, ReadStream::all().up_to(v(90))).await.unwrap();
    assert_eq!((page.events.len(), store.store().count()), (90, 90));
    for after in 90..100 {
        let page = store.read_stream(&one, ReadStream::after(v(after)).limit(1)).await.unwrap();
        assert_eq!((shown(&page.events[0]).0, store.store().count()), (after + 1, 1));
    }
    let from_the_middle = counted(&raw, 10);
    from_the_middle.read_stream(&one, ReadStream::after(v(98))).await.unwrap();
    assert_eq!(from_the_middle.store().count(), 100, "and who starts in the middle reads what is before it");
}

#[tokio::test]
async fn streams_that_it_does_not_apply_to_cost_nothing() {
    let raw = MemoryStore::new();
    let events = (1..=100).map(|number| event(number, "letter-noted", &json!({})));
    raw.append(&"letter-a".parse().unwrap(), ExpectedVersion::Any, events.collect()).await.unwrap();
    let store = counted(&raw, 10);
    store.read_log(ReadLog::after(p(90))).await.unwrap();
    assert_eq!(store.store().count(), 10);
}

#[tokio::test]
async fn a_clone_remembers_what_the_original_has_seen() {
    let raw = noted().await;
    let store = UpcastingStore::new(std::sync::Arc::new(Faulty::counting(raw)), TODAY);
    store.read_stream(&parcel("1"), ReadStream::all().up_to(v(50))).await.unwrap();
    store.store().count();
    store.clone().read_stream(&parcel("1"), ReadStream::after(v(50))).await.unwrap();
    assert_eq!(store.store().count(), EVENTS / PARCELS - 50);
    let page = store.read_stream(&parcel("1"), ReadStream::after(Version::MAX)).await.unwrap();
    assert_eq!((page.events, page.version), (vec![], v(100)));
}
