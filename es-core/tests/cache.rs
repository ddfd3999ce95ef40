//! A repository that remembers hot aggregates: SN-20 to SN-25, counted at the store.

mod counter;
mod watched;

use std::sync::Arc;

use counter::{BeyondLimit, Counter, Increase, Increased, Jam, Start};
use es_core::store::{EventStore, ReadStream};
use es_core::{
    Event, EventId, EventName, Events, ExecuteError, ExpectedVersion, Metadata, NewEvent, RecordedEvent, Repository,
    RetryBudget, StreamId, StreamUpcaster, Timestamp, UpcastingStore, Version,
};
use es_memory_store::MemoryStore;
use watched::{Watched, asked};

type Counters<S = Watched> = Repository<Counter, S>;

fn hot() -> (Counters, Watched) {
    let store = Watched::default();
    (Counters::new(store.clone()).with_cache(100), store)
}

/// Another process with the same store.
fn others(store: &Watched) -> Counters<MemoryStore> {
    Counters::new(store.store.clone())
}

#[tokio::test]
async fn a_command_on_a_hot_aggregate_reads_nothing() {
    let (counters, store) = hot();
    counters.execute("a", Start { limit: 100 }).await.unwrap();
    assert_eq!(store.asked(), asked(0, 0, 1), "creating reads nothing anyway");
    for number in 2..=50 {
        let done = counters.execute("a", Increase { by: 1 }).await.unwrap();
        assert_eq!((done.version, done.position.get()), (Version::new(number), number));
        assert_eq!(store.asked(), asked(0, 0, 1));
    }
    let cold = others(&store).load("a").await.unwrap();
    let hot = counters.load("a").await.unwrap();
    assert_eq!(store.asked(), asked(1, 0, 0), "SN-20: only the end is looked at");
    assert_eq!(
        (hot.state(), hot.version(), hot.position(), hot.recorded_at()),
        (cold.state(), cold.version(), cold.position(), cold.recorded_at())
    );
}

#[tokio::test]
async fn it_works_through_every_form_of_a_store() {
    async fn hot<S: EventStore>(form: S, store: &Watched) {
        let counters = Counters::<S>::new(form).with_cache(10);
        counters.load("a").await.unwrap();
        counters.execute("a", Increase { by: 1 }).await.unwrap();
        store.asked();
        counters.execute("a", Increase { by: 1 }).await.unwrap();
        assert_eq!(store.asked(), asked(0, 0, 1));
    }
    let store = Watched::default();
    hot(&store, &store).await;
    hot(Arc::new(store.clone()), &store).await;
    hot(Box::new(store.clone()) as Box<dyn EventStore>, &store).await;
    hot(Arc::new(store.clone()) as Arc<dyn EventStore>, &store).await;
}

#[tokio::test]
async fn without_it_every_command_reads_the_stream() {
    let store = Watched::default();
    let counters = Counters::new(store.clone()).with_cache(0);
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    store.asked();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(1, 3, 1), "SN-20: what was not asked for is not remembered");
}

/// SN-21.
#[tokio::test]
async fn what_others_appended_is_seen_by_reading_only_that() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    others(&store).execute("a", Increase { by: 2 }).await.unwrap();
    store.asked();
    assert_eq!(counters.load("a").await.unwrap().state().total, 5);
    assert_eq!(store.asked(), asked(1, 2, 0));
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(0, 0, 1), "what a load has read is remembered");
}

/// SN-22.
#[tokio::test]
async fn a_late_state_is_caught_by_the_append_and_decided_again() {
    let (counters, store) = hot();
    counters.execute("a", Start { limit: 10 }).await.unwrap();
    others(&store).execute("a", Increase { by: 7 }).await.unwrap();
    store.asked();
    let counters = counters.with_retry(RetryBudget::attempts(1));
    let done = counters.execute("a", Increase { by: 3 }).await.unwrap();
    assert_eq!(done.version, Version::new(11), "being late costs no attempt of the budget");
    assert_eq!(store.asked(), asked(1, 7, 2));
    assert_eq!(counters.load("a").await.unwrap().state().total, 10);
}

#[tokio::test]
async fn a_late_state_that_would_have_accepted_refuses_after_the_conflict() {
    let (counters, store) = hot();
    counters.execute("a", Start { limit: 10 }).await.unwrap();
    others(&store).execute("a", Increase { by: 9 }).await.unwrap();
    let refused = counters.execute("a", Increase { by: 2 }).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Rejected(BeyondLimit { total: 11 })), "{refused:?}");
    assert_eq!(others(&store).load("a").await.unwrap().version(), Version::new(10));
}

fn stream(id: &str) -> StreamId {
    StreamId::new("counter", id).unwrap()
}

fn stored(number: u128, name: &'static str, schema_version: u32, payload: &'static str) -> NewEvent {
    NewEvent {
        id: EventId::new(uuid::Uuid::from_u128(1_000 + number)),
        name: EventName::from_static(name),
        schema_version,
        recorded_at: Timestamp::from_micros(0),
        metadata: Metadata::new(),
        payload: payload.as_bytes().into(),
    }
}

#[tokio::test]
async fn a_late_state_refuses_nothing_that_the_log_allows() {
    let (counters, store) = hot();
    counters.execute("a", Start { limit: 3 }).await.unwrap();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    store.asked();
    let refused = counters.execute("a", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Rejected(BeyondLimit { total: 4 })), "{refused:?}");
    assert_eq!(store.asked(), asked(1, 0, 0), "a refusal is checked against the log");
    let raised = stored(1, "counter-started", 1, r#"{"limit":10}"#);
    store.store.append(&stream("a"), ExpectedVersion::Any, vec![raised]).await.unwrap();
    let done = counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(done.version, Version::new(6));
    assert_eq!(store.asked(), asked(1, 1, 1));
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_decided_on_what_is_there() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    others(&store).execute("a", Increase { by: 2 }).await.unwrap();
    store.asked();
    let done = counters.execute("a", Increase { by: 0 }).await.unwrap();
    assert_eq!((done.version, done.position.get(), done.events.len()), (Version::new(5), 5, 0));
    assert_eq!(store.asked(), asked(1, 2, 0));
}

#[tokio::test]
async fn what_exists_is_not_created_again() {
    let (counters, store) = hot();
    others(&store).execute("a", Start { limit: 3 }).await.unwrap();
    let again = counters.execute("a", Start { limit: 9 }).await.unwrap_err();
    assert!(matches!(again, ExecuteError::AlreadyExists { .. }), "{again:?}");
    assert_eq!(counters.load("a").await.unwrap().state().limit, Some(3));
    counters.execute("a", Start { limit: 9 }).await.unwrap_err();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state(), &Counter { limit: Some(3), total: 3 });
}

/// SN-23.
#[tokio::test]
async fn a_failed_append_leaves_nothing_behind() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    store.fail_to_append(true);
    assert!(matches!(counters.execute("a", Increase { by: 5 }).await, Err(ExecuteError::Append(_))));
    assert!(matches!(counters.execute("new", Start { limit: 5 }).await, Err(ExecuteError::Append(_))));
    assert!(matches!(counters.execute("a", Jam {}).await, Err(ExecuteError::Encode { .. })));
    store.fail_to_append(false);
    assert!(!counters.load("new").await.unwrap().exists());
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state().total, 4);
    assert_eq!(others(&store).load("a").await.unwrap().state().total, 4);
}

/// SN-23: the append has gone through, but its answer has not.
#[tokio::test]
async fn an_append_whose_answer_is_lost_is_seen_by_the_next_command() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    store.lose_answers(true);
    assert!(matches!(counters.execute("a", Increase { by: 2 }).await, Err(ExecuteError::Append(_))));
    store.lose_answers(false);
    store.asked();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(1, 2, 2));
    assert_eq!(counters.load("a").await.unwrap().state().total, 6);
}

#[tokio::test]
async fn a_read_that_fails_leaves_nothing_behind() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    others(&store).execute("a", Increase { by: 2 }).await.unwrap();
    store.fail_to_read(true);
    assert!(matches!(counters.execute("a", Increase { by: 1 }).await, Err(ExecuteError::Read { .. })));
    counters.load("a").await.unwrap_err();
    store.fail_to_read(false);
    assert_eq!(counters.load("a").await.unwrap().state().total, 5);
}

/// SN-24.
#[tokio::test]
async fn streams_are_remembered_apart_and_within_the_bound() {
    let store = Watched::default();
    let counters = Counters::new(store.clone()).with_cache(10);
    for round in 1..=3 {
        for id in 0..50 {
            counters.execute(&id.to_string(), Increase { by: id % 3 + 1 }).await.unwrap();
        }
        for id in 0..50 {
            let loaded = counters.load(&id.to_string()).await.unwrap();
            assert_eq!(loaded.state().total, round * (id % 3 + 1));
        }
    }
    store.asked();
    for id in 0..50 {
        counters.load(&id.to_string()).await.unwrap();
    }
    let whole: usize = (0..50).map(|id| 3 * (id % 3 + 1)).sum();
    let read = store.asked().events_read;
    assert!(read < whole && read >= whole - 10 * 9, "at most ten were remembered: {read} of {whole}");
}

/// SN-25.
#[tokio::test]
async fn what_a_caller_does_with_a_state_changes_nothing() {
    let (counters, _) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    let mut mine = counters.load("a").await.unwrap().into_state();
    mine.total += 1_000;
    assert_eq!(mine.total, 1_003);
    assert_eq!(counters.load("a").await.unwrap().state().total, 3);
}

#[tokio::test]
async fn clones_share_it() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 3 }).await.unwrap();
    store.asked();
    counters.clone().execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(0, 0, 1));
}

#[tokio::test]
async fn the_past_is_loaded_as_it_was() {
    let (counters, store) = hot();
    counters.execute("a", Increase { by: 5 }).await.unwrap();
    store.asked();
    for version in 0..=6 {
        let loaded = counters.load_at("a", version).await.unwrap();
        assert_eq!((loaded.state().total, loaded.version().get()), (version.min(5) as u32, version.min(5)));
    }
    assert_eq!(store.asked().events_read, 1 + 2 + 3 + 4, "5 and 6 start from what is remembered");
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(0, 0, 1));
    let cold = Counters::new(store.clone()).with_cache(10);
    cold.load_at("a", 3).await.unwrap();
    store.asked();
    cold.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(1, 6, 1), "the past is not remembered");
}

#[tokio::test]
async fn many_tasks_on_one_aggregate_lose_nothing() {
    let store = Watched::default();
    let counters = Counters::new(store.clone()).with_cache(4).with_retry(RetryBudget::attempts(10_000));
    let tasks = (0..16).map(|task| {
        let counters = counters.clone();
        let elsewhere = Counters::new(store.store.clone()).with_retry(RetryBudget::attempts(10_000));
        tokio::spawn(async move {
            for number in 0..20 {
                let is_here = (task + number) % 5 > 0;
                let done = if is_here {
                    counters.execute("a", Increase { by: 1 }).await
                } else {
                    elsewhere.execute("a", Increase { by: 1 }).await
                };
                done.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let loaded = counters.load("a").await.unwrap();
    assert_eq!((loaded.state().total, loaded.version()), (320, Version::new(320)));
    assert_eq!(others(&store).load("a").await.unwrap().state(), loaded.state());
}

/// An older log was restored under a running process.
#[tokio::test]
async fn a_state_that_is_ahead_of_the_log_is_forgotten() {
    for is_loaded in [true, false] {
        let store = Watched::default();
        let counters = Counters::new(store.clone()).with_cache(10);
        counters.execute("a", Increase { by: 5 }).await.unwrap();
        let restored = Watched::default();
        others(&restored).execute("a", Increase { by: 2 }).await.unwrap();
        store.replace_by(&restored);
        if is_loaded {
            assert_eq!(counters.load("a").await.unwrap().state().total, 2);
        }
        let done = counters.execute("a", Increase { by: 1 }).await.unwrap();
        assert_eq!(done.version, Version::new(3));
        assert_eq!(counters.load("a").await.unwrap().state().total, 3);
    }
}

/// A stream of which only every second event is read.
#[derive(Clone, Copy)]
struct EverySecond;

impl StreamUpcaster for EverySecond {
    type Context = u64;

    fn applies_to(&self, stream: &StreamId) -> bool {
        stream.id() == "a"
    }

    fn upcast(
        &self,
        seen: &mut u64,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, Box<dyn std::error::Error + Send + Sync>> {
        *seen += 1;
        Ok(if seen.is_multiple_of(2) { Events::one(event) } else { Events::none() })
    }
}

#[tokio::test]
async fn where_events_are_read_as_others_what_was_appended_is_read() {
    let store = Watched::default();
    let counters = Counters::new(UpcastingStore::new(store.clone(), EverySecond)).with_cache(10);
    for number in 1..=10_u32 {
        for id in ["a", "b"] {
            counters.execute(id, Increase { by: 1 }).await.unwrap();
            let total = if id == "a" { number / 2 } else { number };
            assert_eq!(counters.load(id).await.unwrap().state().total, total, "{id} {number}");
        }
    }
    store.asked();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(1, 0, 1), "the tail is read before, not found out by a conflict");
    counters.execute("b", Increase { by: 1 }).await.unwrap();
    assert_eq!(store.asked(), asked(0, 0, 1));
}

#[tokio::test]
async fn a_store_that_does_not_say_how_it_reads_is_read() {
    let (counters, store) = hot();
    store.say_nothing();
    for _ in 0..3 {
        counters.execute("a", Increase { by: 2 }).await.unwrap();
    }
    assert_eq!(store.asked(), asked(3, 4, 3));
    assert_eq!(counters.load("a").await.unwrap().state().total, 6);
}

#[tokio::test]
async fn old_versions_are_upcast_on_the_way_into_it() {
    let (counters, store) = hot();
    let old = vec![stored(1, Increased::NAME, 1, r#"{"n":5}"#)];
    store.store.append(&stream("a"), ExpectedVersion::NoStream, old).await.unwrap();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    let old = vec![stored(2, Increased::NAME, 1, r#"{"n":7}"#)];
    store.store.append(&stream("a"), ExpectedVersion::Any, old).await.unwrap();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state().total, 14);
    let page = store.store.read_stream(&stream("a"), ReadStream::all()).await.unwrap();
    assert_eq!(page.events.iter().map(|event| event.schema_version).collect::<Vec<_>>(), [1, 2, 1, 2]);
}
