//! What cannot be read as it should be is refused with its place, by every reader.

use std::error::Error;

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{
    Events, ExecuteError, ExpectedVersion, LoadError, NewEvent, ProjectionError, ProjectionRunner, RecordedEvent,
    Repository, StreamId, StreamUpcaster, UpcastingStore, Version,
};
use es_memory_store::MemoryStore;
use serde_json::json;

use crate::parcel::{Measure, Move, Note, Parcel, Parcels, TODAY};
use crate::wrappers::Faulty;
use crate::{event, p, parcel, shown, stored, v};

/// Stream `parcel-a` with notes, but for event 700: what was never weighed is sized there.
async fn broken_at_700() -> MemoryStore {
    let store = MemoryStore::new();
    let noted = |number| event(number, "parcel-noted", &json!({"text": number.to_string()}));
    let sized = |number| event(number, "parcel-sized", &json!({"litres": 1}));
    let events = (1..=800).map(|number| if number == 700 { sized(number) } else { noted(number) }).collect();
    store.append(&parcel("a"), ExpectedVersion::NoStream, events).await.unwrap();
    store
}

fn is_of_700(error: &ReadError) -> bool {
    matches!(error, ReadError::Upcast { stream, version, name, cause }
        if *stream == parcel("a") && *version == v(700) && name == "parcel-sized" && cause.to_string() == "not weighed")
}

#[tokio::test]
async fn an_event_that_cannot_be_upcast_is_named_to_every_reader() {
    let store = UpcastingStore::new(broken_at_700().await, TODAY);
    let error = store.read_stream(&parcel("a"), ReadStream::all()).await.unwrap_err();
    assert_eq!(error.to_string(), "event 700 of stream `parcel-a` cannot be read: the upcast of `parcel-sized` failed");
    assert_eq!(error.source().unwrap().to_string(), "not weighed");
    assert!(is_of_700(&error));
    assert!(is_of_700(&store.read_log(ReadLog::after(p(0))).await.unwrap_err()));

    let parcels = Repository::<Parcel, _>::new(store);
    let Err(LoadError::Read { stream, cause }) = parcels.load("a").await else { panic!("loaded") };
    assert!(stream == parcel("a") && is_of_700(&cause));
    let Err(ExecuteError::Read { cause, .. }) = parcels.execute("a", Note { text: String::new() }).await else {
        panic!("executed");
    };
    assert!(is_of_700(&cause));
    assert_eq!(parcels.load_at("a", 699).await.unwrap().version(), v(699), "what is before it can be read");
}

#[tokio::test]
async fn what_follows_an_event_that_cannot_be_upcast_cannot_be_read_either() {
    let raw = broken_at_700().await;
    for after in [700, 701, 799] {
        let store = UpcastingStore::new(raw.clone(), TODAY);
        assert!(is_of_700(&store.read_stream(&parcel("a"), ReadStream::after(v(after))).await.unwrap_err()));
        assert!(is_of_700(&store.read_log(ReadLog::after(p(after))).await.unwrap_err()));
    }
}

#[tokio::test]
async fn the_last_event_is_no_exception() {
    let raw = broken_at_700().await;
    let store = UpcastingStore::new(raw, TODAY);
    let last = ReadStream::after(v(650)).up_to(v(700));
    assert!(is_of_700(&store.read_stream(&parcel("a"), last).await.unwrap_err()));
    assert!(is_of_700(&store.read_log(ReadLog::after(p(699)).limit(1)).await.unwrap_err()));
    let Err(LoadError::Read { cause, .. }) = Repository::<Parcel, _>::new(store).load_at("a", 700).await else {
        panic!("loaded");
    };
    assert!(is_of_700(&cause));
}

#[tokio::test]
async fn a_projection_stops_right_before_the_event_that_cannot_be_upcast() {
    let runner = ProjectionRunner::new(UpcastingStore::new(broken_at_700().await, TODAY), Parcels::default());
    for _ in 0..3 {
        let Err(ProjectionError::Read(error)) = runner.catch_up().await else { panic!("caught up") };
        assert!(is_of_700(&error));
        runner.read(|parcels, checkpoint| assert_eq!((parcels.seen.len(), checkpoint), (699, p(699))));
    }
}

/// A store that has lost the first three events of every stream.
fn truncated(store: MemoryStore) -> Faulty {
    Faulty::new(store, |mut events| {
        events.retain(|event| event.version > v(3));
        events
    })
}

fn is_unavailable(error: &ReadError, version: u64, name: &str, seen: u64) -> bool {
    matches!(error, ReadError::ContextUnavailable { stream, version: at, name: named, seen: up_to }
        if *stream == parcel("a") && *at == v(version) && named == name && *up_to == v(seen))
}

#[tokio::test]
async fn a_context_that_the_store_cannot_give_is_refused() {
    let raw = stored(&["a"]).await;
    let fresh = || UpcastingStore::new(truncated(raw.clone()), TODAY);
    for (after, first, name) in [(0, 4, "parcel-sized"), (3, 4, "parcel-sized"), (5, 6, "parcel-scanned")] {
        let error = fresh().read_stream(&parcel("a"), ReadStream::after(v(after))).await.unwrap_err();
        assert!(is_unavailable(&error, first, name, 0), "{error:?}");
        let error = fresh().read_log(ReadLog::after(p(after))).await.unwrap_err();
        assert!(is_unavailable(&error, first, name, 0), "{error:?}");
    }
    let error = fresh().read_log(ReadLog::after(p(5))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "event 6 of stream `parcel-a` cannot be read: `parcel-scanned` depends on those before it, of which some after event 0 are missing"
    );
    let runner = ProjectionRunner::resume(fresh(), Parcels::default(), p(5));
    let Err(ProjectionError::Read(error)) = runner.catch_up().await else { panic!("caught up") };
    assert!(is_unavailable(&error, 6, "parcel-scanned", 0));
    assert_eq!(runner.checkpoint(), p(5));
}

#[tokio::test]
async fn a_hole_and_a_repetition_are_refused() {
    let raw = stored(&["a"]).await;
    for (after, first, name) in [(0, 5, "parcel-forwarded"), (6, 7, "parcel-scanned")] {
        let hole = Faulty::new(raw.clone(), |mut events| {
            events.retain(|event| event.version != v(4));
            events
        });
        let error = UpcastingStore::new(hole, TODAY).read_log(ReadLog::after(p(after))).await.unwrap_err();
        assert!(is_unavailable(&error, first, name, 3), "{error:?}");
    }
    let twice = Faulty::new(raw, |events| events.into_iter().flat_map(|event| [event.clone(), event]).collect());
    let error = UpcastingStore::new(twice, TODAY).read_log(ReadLog::after(p(0))).await.unwrap_err();
    assert!(is_unavailable(&error, 1, "parcel-registered", 1), "{error:?}");
}

#[tokio::test]
async fn one_wrapper_inside_another_is_refused_where_it_would_matter() {
    let nested = UpcastingStore::new(UpcastingStore::new(stored(&["a"]).await, Measure), Move);
    let error = nested.read_stream(&parcel("a"), ReadStream::all()).await.unwrap_err();
    assert!(is_unavailable(&error, 3, "parcel-noted", 1), "{error:?}");
}

/// Reads each note as itself and as an event that nobody knows, but for the first.
struct Doubled;

impl StreamUpcaster for Doubled {
    type Context = ();

    fn applies_to(&self, _: &StreamId) -> bool {
        true
    }

    fn upcast(&self, (): &mut (), event: RecordedEvent) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        if event.version == v(1) {
            return Ok(Events::one(event));
        }
        let unknown = RecordedEvent { schema_version: 9, ..event.clone() };
        Ok(vec![event, unknown].into())
    }
}

#[tokio::test]
async fn of_what_one_event_is_read_as_all_is_applied_or_nothing_and_nothing_twice() {
    let raw = MemoryStore::new();
    let noted = |number| event(number, "parcel-noted", &json!({"text": "x"}));
    raw.append(&parcel("a"), ExpectedVersion::NoStream, vec![noted(1), noted(2), noted(3)]).await.unwrap();
    let store = UpcastingStore::new(raw, Doubled);
    let page = store.read_stream(&parcel("a"), ReadStream::all().limit(2)).await.unwrap();
    let places: Vec<_> = page.events.iter().map(|event| shown(event).0).collect();
    assert_eq!((places, page.through), (vec![1, 2, 2], v(2)), "what one event is read as is in one page");

    let parcels = Repository::<Parcel, _>::new(store.clone());
    let mut loaded = parcels.load_at("a", 1).await.unwrap();
    for _ in 0..2 {
        let error = parcels.refresh(&mut loaded).await.unwrap_err();
        assert!(matches!(&error, LoadError::Decode(error) if error.version() == v(2)), "{error:?}");
        assert_eq!((loaded.state().seen.len(), loaded.version()), (1, v(1)));
    }
    let runner = ProjectionRunner::new(store, Parcels::default());
    for _ in 0..2 {
        let error = runner.catch_up().await.unwrap_err();
        assert!(matches!(&error, ProjectionError::Decode(error) if error.version() == v(2)), "{error:?}");
        runner.read(|parcels, checkpoint| assert_eq!((parcels.seen.len(), checkpoint), (2, p(1))));
    }
}

/// Breaks rule 13: says that there is more, and gives nothing.
struct Stuck;

#[async_trait]
impl EventStore for Stuck {
    async fn append(&self, _: &StreamId, _: ExpectedVersion, _: Vec<NewEvent>) -> Result<Appended, AppendError> {
        unreachable!("nothing is appended here")
    }

    async fn read_stream(&self, _: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        Ok(StreamPage { events: vec![], through: range.after, is_end: false, version: v(5) })
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        Ok(LogPage { events: vec![], through: range.after, is_end: false, head: p(5) })
    }

    fn limits(&self) -> Limits {
        Limits { payload_bytes: 1, batch_events: 1 }
    }
}

#[tokio::test]
async fn nobody_hangs_on_a_store_that_gives_no_more() {
    let loaded = Repository::<Parcel, _>::new(UpcastingStore::new(Stuck, TODAY)).load("a").await.unwrap();
    assert_eq!(loaded.version(), Version::EMPTY);
    assert_eq!(UpcastingStore::new(Stuck, TODAY).read_log(ReadLog::after(p(1))).await.unwrap().through, p(1));
}
