//! Snapshots spare work and change no result: SN-01 to SN-19 of a repository, in the memory store.

mod failing;
mod foreign;
mod policy;
mod tally;
mod travel;
mod upcast;

#[path = "../watched/mod.rs"]
mod watched;

use std::sync::{Arc, Mutex};

use es_core::store::{EventStore, Snapshot, SnapshotStore};
use es_core::{Aggregate, Event, EventId, ExpectedVersion, Metadata, NewEvent, Repository, Snapshotted};
use es_core::{Json, StreamId, Timestamp, Version};
use es_memory_store::MemoryStore;

use tally::{Moved, Tally};
use watched::Watched;

type Tallies<A = Tally> = Repository<A, Watched>;

fn stream() -> StreamId {
    StreamId::new("tally", "a").unwrap()
}

/// What was told of snapshots.
#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl Failures {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn tallies<A: Snapshotted>(store: &Watched) -> (Repository<A, Watched>, Failures) {
    let failures = Failures::default();
    let heard = failures.clone();
    let tallies = Repository::new(store.clone())
        .with_snapshots()
        .on_snapshot_failure(move |failure| heard.0.lock().unwrap().push(failure.to_string()));
    (tallies, failures)
}

fn moved(number: u64, by: i64) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(u128::from(number))),
        name: es_core::EventName::from_static(Moved::NAME),
        schema_version: 1,
        recorded_at: Timestamp::from_micros(i64::try_from(number).unwrap()),
        metadata: Metadata::new(),
        payload: format!(r#"{{"by":{by}}}"#).into_bytes().into(),
    }
}

/// A log in which tally `a` was moved by 1, 2, …, `events`.
async fn log_of(events: u64) -> Watched {
    let store = Watched::on(MemoryStore::new());
    append(&store, 1..=events).await;
    store.asked();
    store
}

async fn append(store: &Watched, numbers: impl IntoIterator<Item = u64>) {
    let events = numbers.into_iter().map(|number| moved(number, i64::try_from(number).unwrap())).collect();
    store.append(&stream(), ExpectedVersion::Any, events).await.unwrap();
}

async fn kept<A: Snapshotted>(store: &Watched) -> Option<Snapshot> {
    store.load_snapshot(&stream(), A::snapshot_fingerprint::<Json>(), Version::MAX).await.unwrap()
}

async fn kept_at<A: Snapshotted>(store: &Watched) -> Option<u64> {
    kept::<A>(store).await.map(|snapshot| snapshot.version.get())
}

/// Leaves a snapshot of the state as it was after `version` events.
async fn leave_snapshot_at(store: &Watched, version: u64) {
    let page = store.store.read_stream(&stream(), es_core::store::ReadStream::all()).await.unwrap();
    let events = &page.events[..usize::try_from(version).unwrap()];
    let mut state = Tally::default();
    for event in events {
        state.replay(&Json, event).unwrap();
    }
    let last = events.last().unwrap();
    let snapshot = Snapshot {
        stream: stream(),
        version: last.version,
        position: last.position,
        event_id: last.id,
        recorded_at: last.recorded_at,
        latest_at: events.iter().map(|event| event.recorded_at).max().unwrap(),
        fingerprint: Tally::snapshot_fingerprint::<Json>(),
        payload: state.encode_state(&Json).unwrap().into(),
        taken_at: Timestamp::UNIX_EPOCH,
    };
    store.save_snapshot(snapshot).await.unwrap();
    store.saves();
}

async fn replayed<A: Aggregate<Id = String>>(store: &Watched) -> A {
    Repository::<A, _>::new(store.store.clone()).load("a").await.unwrap().into_state()
}
