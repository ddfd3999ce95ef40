//! Repositories and projections through an upcasting store: whoever drives, and wherever it starts, sees the same.

use std::time::Duration;

use es_core::store::{EventStore, ReadLog};
use es_core::{ExpectedVersion, Metadata, ProjectionRunner, Repository, RetryBudget, Timestamp, UpcastingStore};
use es_memory_store::MemoryStore;
use serde_json::json;

use crate::parcel::{Measure, Measured, Move, Moved, Note, Noted, Parcel, Parcels, Registered, TODAY};
use crate::{event, history, p, parcel, stored, v};

type Upcasting = UpcastingStore<MemoryStore, (Measure, Move)>;

fn parcels(store: &MemoryStore) -> Repository<Parcel, Upcasting> {
    Repository::new(UpcastingStore::new(store.clone(), TODAY)).with_retry(RetryBudget::attempts(1))
}

fn note(text: &str) -> Note {
    Note { text: text.to_owned() }
}

/// What the first events of a parcel have come to, in the words of today.
fn seen_of(events: u64) -> Vec<String> {
    let moved = |from: &str, to: &str, grams| Moved { from: from.to_owned(), to: to.to_owned(), grams };
    let noted = |text: &str| Noted { text: text.to_owned() };
    let all = [
        (1, format!("{:?}", Registered { depot: "Bern".to_owned() })),
        (3, format!("{:?}", noted("fragile"))),
        (4, format!("{:?}", Measured { grams: 500, litres: 3 })),
        (5, format!("{:?}", moved("Bern", "Basel", 500))),
        (7, format!("{:?}", moved("Basel", "Zug", 500))),
        (10, format!("{:?}", Measured { grams: 600, litres: 4 })),
        (11, format!("{:?}", moved("Zug", "Bern", 600))),
        (11, format!("{:?}", noted("returned"))),
    ];
    all.into_iter().filter(|(version, _)| *version <= events).map(|(_, seen)| seen).collect()
}

/// The version of the last event that gives something, among the first.
fn last_seen_of(events: u64) -> u64 {
    [1, 3, 4, 5, 7, 10, 11].into_iter().rfind(|version| *version <= events).unwrap_or_default()
}

async fn first(events: u64) -> MemoryStore {
    let store = MemoryStore::new();
    for (number, (name, payload, _)) in (1..=events).zip(history()) {
        store.append(&parcel("a"), ExpectedVersion::Any, vec![event(number, name, &payload)]).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a_load_sees_what_was_merged_and_stands_at_the_version_of_the_stream() {
    let loaded = parcels(&stored(&["a"]).await).load("a").await.unwrap();
    assert_eq!(loaded.state().seen, seen_of(13));
    assert_eq!((loaded.version(), loaded.position()), (v(13), p(11)));
    assert_eq!(loaded.recorded_at(), Some(Timestamp::from_micros(110)));
}

#[tokio::test]
async fn a_load_as_of_any_moment_is_a_load_of_what_was_stored_by_then() {
    let repository = parcels(&stored(&["a"]).await);
    for events in 0..=13 {
        let at = repository.load_at("a", events).await.unwrap();
        assert_eq!((&at.state().seen, at.version()), (&seen_of(events), v(events)));
        let (position, time) = (p(events), Timestamp::from_micros(i64::try_from(events).unwrap() * 10));
        for at in [repository.load_at("a", position).await.unwrap(), repository.load_at("a", time).await.unwrap()] {
            assert_eq!((&at.state().seen, at.version()), (&seen_of(events), v(last_seen_of(events))));
        }
    }
}

#[tokio::test]
async fn a_refresh_from_any_moment_is_a_load() {
    let raw = stored(&["a"]).await;
    for events in 0..=13 {
        let mut from_version = parcels(&raw).load_at("a", events).await.unwrap();
        let mut from_position = parcels(&raw).load_at("a", p(events)).await.unwrap();
        for loaded in [&mut from_version, &mut from_position] {
            parcels(&raw).refresh(loaded).await.unwrap();
            assert_eq!((&loaded.state().seen, loaded.version()), (&seen_of(13), v(13)));
        }
    }
}

#[tokio::test]
async fn a_command_is_accepted_whatever_the_last_events_are_read_as() {
    for events in 0..=13 {
        let repository = parcels(&first(events).await);
        let mut loaded = repository.load("a").await.unwrap();
        assert_eq!((loaded.version(), loaded.exists()), (v(events), events > 0));
        let done = repository.execute("a", note("one")).await.unwrap();
        assert_eq!((done.version, done.position), (v(events + 1), p(events + 1)));
        let done = repository.execute_on(&mut loaded, note("two"), Metadata::new()).await.unwrap();
        assert_eq!((done.version, loaded.version()), (v(events + 2), v(events + 1)));
        let loaded = repository.load("a").await.unwrap();
        let noted = |text: &str| format!("{:?}", Noted { text: text.to_owned() });
        assert_eq!(loaded.state().seen, [seen_of(events), vec![noted("one"), noted("two")]].concat());
    }
}

#[tokio::test]
async fn an_event_that_is_read_as_nothing_conflicts_like_any_other() {
    let raw = first(5).await;
    let repository = parcels(&raw);
    let stale = repository.load("a").await.unwrap();
    let scanned = event(6, "parcel-scanned", &json!({"at": "Basel"}));
    raw.append(&parcel("a"), ExpectedVersion::Exact(stale.version()), vec![scanned]).await.unwrap();
    let other = event(7, "parcel-noted", &json!({"text": "x"}));
    let expected = ExpectedVersion::Exact(stale.version());
    repository.store().append(&parcel("a"), expected, vec![other]).await.unwrap_err();
    assert_eq!(repository.execute("a", note("x")).await.unwrap().version, v(7));
}

#[tokio::test]
async fn a_long_stream_of_events_that_are_read_as_nothing_has_an_end() {
    let raw = first(1).await;
    let scans = (2..=5_000).map(|number| event(number, "parcel-scanned", &json!({"at": "Bern"}))).collect();
    raw.append(&parcel("a"), ExpectedVersion::Any, scans).await.unwrap();
    let repository = parcels(&raw);
    let loaded = repository.load("a").await.unwrap();
    assert_eq!((&loaded.state().seen, loaded.version(), loaded.position()), (&seen_of(1), v(5_000), p(1)));
    assert_eq!(repository.execute("a", note("x")).await.unwrap().version, v(5_001));
    let runner = ProjectionRunner::new(UpcastingStore::new(raw, TODAY), Parcels::default());
    assert_eq!(runner.catch_up().await.unwrap(), p(5_001));
    runner.read(|parcels, _| assert_eq!(parcels.seen.len(), 2));
}

#[tokio::test]
async fn a_projection_sees_the_same_in_one_go_and_event_by_event() {
    let raw = stored(&["a", "b", "c"]).await;
    let in_one_go = ProjectionRunner::new(UpcastingStore::new(raw.clone(), TODAY), Parcels::default());
    assert_eq!(in_one_go.catch_up().await.unwrap(), p(39));
    let wanted = in_one_go.read(|parcels, _| parcels.clone());
    let of_one = |version| seen_of(version).split_off(seen_of(version - 1).len());
    assert_eq!(
        wanted.seen,
        (1..=13).flat_map(|version| [of_one(version), of_one(version), of_one(version)].concat()).collect::<Vec<_>>()
    );

    let growing = MemoryStore::new();
    let step_by_step = ProjectionRunner::new(UpcastingStore::new(growing.clone(), TODAY), Parcels::default());
    let mut kept = vec![(p(0), Parcels::default())];
    for recorded in raw.read_log(ReadLog::after(p(0))).await.unwrap().events {
        let (number, stream) = (recorded.position.get(), recorded.stream.clone());
        let payload = serde_json::from_slice(&recorded.payload).unwrap();
        let again = event(number, recorded.name.as_str(), &payload);
        growing.append(&stream, ExpectedVersion::Any, vec![again]).await.unwrap();
        assert_eq!(step_by_step.catch_up().await.unwrap(), recorded.position);
        kept.push(step_by_step.read(|parcels, checkpoint| (checkpoint, parcels.clone())));
    }
    assert_eq!(step_by_step.read(|parcels, _| parcels.clone()), wanted);

    // From every checkpoint, in a process that remembers nothing.
    for (checkpoint, parcels) in kept {
        let store = UpcastingStore::new(raw.clone(), TODAY);
        let resumed = ProjectionRunner::resume(store, parcels, checkpoint);
        assert_eq!(resumed.catch_up().await.unwrap(), p(39));
        assert_eq!(resumed.read(|parcels, _| parcels.clone()), wanted, "from {checkpoint}");
    }
}

#[tokio::test]
async fn an_event_that_is_read_as_nothing_can_be_waited_for() {
    let raw = first(11).await;
    let runner = ProjectionRunner::new(UpcastingStore::new(raw.clone(), TODAY), Parcels::default());
    let waiting = tokio::spawn({
        let runner = runner.clone();
        async move { runner.wait_for(p(12)).await }
    });
    let scanned = event(12, "parcel-scanned", &json!({"at": "Bern"}));
    raw.append(&parcel("a"), ExpectedVersion::Any, vec![scanned]).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap().unwrap();
    runner.read(|parcels, checkpoint| assert_eq!((&parcels.seen, checkpoint), (&seen_of(12), p(12))));
}

#[tokio::test]
async fn what_is_created_once_cannot_be_created_again_though_it_is_read_as_nothing() {
    let raw = MemoryStore::new();
    let weighed = event(1, "parcel-weighed", &json!({"grams": 1}));
    raw.append(&parcel("a"), ExpectedVersion::NoStream, vec![weighed]).await.unwrap();
    let loaded = parcels(&raw).load("a").await.unwrap();
    assert_eq!((loaded.state().seen.len(), loaded.exists(), loaded.version()), (0, true, v(1)));
    let refused = parcels(&raw).store().append(&parcel("a"), ExpectedVersion::NoStream, vec![]).await;
    assert!(refused.is_err());
    assert_eq!(parcels(&raw).execute("a", note("x")).await.unwrap().version, v(2));
}
