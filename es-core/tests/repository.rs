//! Loading and executing through a repository, in the memory store.

mod counter;

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use counter::{BeyondLimit, Counter, CounterCommand, CounterEvent, Increase, Increased, Jam, Start, Started};
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{
    Event, EventName, ExecuteError, ExpectedVersion, InvalidStreamId, LoadError, Metadata, NewEvent, Position,
    Repository, RetryBudget, StreamId, Timestamp, Version,
};
use es_memory_store::MemoryStore;
use uuid::Uuid;

type Counters<S = MemoryStore> = Repository<Counter, S>;

fn counting_ids() -> impl Fn(Timestamp) -> Uuid + Send + Sync {
    let last = AtomicU64::new(0);
    move |_| Uuid::from_u128(u128::from(last.fetch_add(1, Ordering::Relaxed) + 1))
}

fn stream(id: &str) -> StreamId {
    StreamId::new("counter", id).unwrap()
}

fn stored(number: u128, name: &str, schema_version: u32, payload: &str) -> NewEvent {
    NewEvent {
        id: es_core::EventId::new(Uuid::from_u128(1_000 + number)),
        name: EventName::new(name).unwrap(),
        schema_version,
        recorded_at: Timestamp::from_micros(i64::try_from(number).unwrap()),
        metadata: Metadata::new(),
        payload: payload.as_bytes().to_vec().into(),
    }
}

#[tokio::test]
async fn a_command_appends_its_events_and_says_where() {
    let counters = Counters::new(MemoryStore::new());
    let started = counters.execute("a", Start { limit: 9 }).await.unwrap();
    assert_eq!((started.version, started.position), (Version::new(1), Position::new(1)));
    assert_eq!(started.events.as_slice(), [CounterEvent::from(Started { limit: 9 })]);
    let increased = counters.execute("a", Increase { by: 3 }).await.unwrap();
    assert_eq!((increased.version, increased.position), (Version::new(4), Position::new(4)));
    assert_eq!(increased.stream, stream("a"));
    let loaded = counters.load("a").await.unwrap();
    assert_eq!(loaded.state(), &Counter { limit: Some(9), total: 3 });
    assert_eq!((loaded.version(), loaded.position(), loaded.exists()), (Version::new(4), Position::new(4), true));
}

#[tokio::test]
async fn what_does_not_exist_loads_as_the_initial_state() {
    let loaded = Counters::new(MemoryStore::new()).load("a").await.unwrap();
    assert_eq!((loaded.version(), loaded.exists(), loaded.recorded_at()), (Version::EMPTY, false, None));
    assert_eq!(loaded.into_state(), Counter::default());
}

#[tokio::test]
async fn a_refused_command_writes_nothing() {
    let counters = Counters::new(MemoryStore::new());
    counters.execute("a", Start { limit: 2 }).await.unwrap();
    let refused = counters.execute("a", Increase { by: 3 }).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Rejected(BeyondLimit { total: 3 })), "{refused:?}");
    assert_eq!(counters.load("a").await.unwrap().version(), Version::new(1));
}

#[tokio::test]
async fn a_command_that_changes_nothing_says_so() {
    let counters = Counters::new(MemoryStore::new());
    counters.execute("a", Increase { by: 2 }).await.unwrap();
    let done = counters.execute("a", Increase { by: 0 }).await.unwrap();
    assert!(done.events.is_empty());
    assert_eq!((done.version, done.position, done.last_event_id), (Version::new(2), Position::new(2), None));
}

#[tokio::test]
async fn what_exists_is_not_created_again() {
    let counters = Counters::new(MemoryStore::new());
    counters.execute("a", Start { limit: 2 }).await.unwrap();
    let again = counters.execute("a", Start { limit: 3 }).await.unwrap_err();
    assert_eq!(again.to_string(), "stream `counter-a` already exists, at version 1");
    assert_eq!(counters.load("a").await.unwrap().state().limit, Some(2));
}

#[tokio::test]
async fn the_command_enum_is_executed_like_its_commands() {
    let counters = Counters::new(MemoryStore::new());
    for command in [CounterCommand::from(Start { limit: 9 }), Increase { by: 4 }.into()] {
        counters.execute("a", command).await.unwrap();
    }
    assert_eq!(counters.load("a").await.unwrap().state().total, 4);
}

#[tokio::test]
async fn any_version_and_any_time_can_be_loaded() {
    let time = Arc::new(AtomicI64::new(0));
    let clock = {
        let time = Arc::clone(&time);
        move || Timestamp::from_micros(time.load(Ordering::Relaxed))
    };
    let counters = Counters::new(MemoryStore::new()).with_clock(clock);
    for at in [10, 20, 20, 30] {
        time.store(at, Ordering::Relaxed);
        counters.execute("a", Increase { by: 1 }).await.unwrap();
    }
    for (version, total) in [(0, 0), (1, 1), (3, 3), (4, 4), (99, 4)] {
        assert_eq!(counters.load_at("a", version).await.unwrap().state().total, total, "version {version}");
    }
    for (micros, total) in [(9, 0), (10, 1), (19, 1), (20, 3), (29, 3), (30, 4), (99, 4)] {
        let loaded = counters.load_at("a", Timestamp::from_micros(micros)).await.unwrap();
        assert_eq!(loaded.state().total, total, "time {micros}");
    }
}

#[tokio::test]
async fn a_stream_longer_than_a_page_is_folded_whole() {
    let counters = Counters::new(MemoryStore::new());
    counters.execute("a", Increase { by: 3_000 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state().total, 3_000);
    assert_eq!(counters.load_at("a", 2_500).await.unwrap().state().total, 2_500);
}

#[tokio::test]
async fn time_is_kept_as_the_clock_says_it() {
    let counters = Counters::new(MemoryStore::new());
    let at = |micros| move || Timestamp::from_micros(micros);
    counters.clone().with_clock(at(50)).execute("a", Increase { by: 1 }).await.unwrap();
    counters.clone().with_clock(at(40)).execute("a", Increase { by: 1 }).await.unwrap();
    let page = counters.store().read_stream(&stream("a"), ReadStream::all()).await.unwrap();
    let times: Vec<_> = page.events.iter().map(|event| event.recorded_at.as_micros()).collect();
    assert_eq!(times, [50, 40]);
    let before = counters.load_at("a", Timestamp::from_micros(45)).await.unwrap();
    assert_eq!(before.version(), Version::EMPTY, "what was recorded later than that begins with the first event");
}

#[tokio::test]
async fn a_position_is_the_same_moment_for_every_stream() {
    let counters = Counters::new(MemoryStore::new());
    for id in ["a", "b", "a", "a", "b"] {
        counters.execute(id, Increase { by: 1 }).await.unwrap();
    }
    for (position, a, b) in [(0, 0, 0), (1, 1, 0), (3, 2, 1), (9, 3, 2)] {
        let position = Position::new(position);
        assert_eq!(counters.load_at("a", position).await.unwrap().state().total, a);
        assert_eq!(counters.load_at("b", position).await.unwrap().state().total, b);
    }
}

#[tokio::test]
async fn an_aggregate_at_hand_reads_only_what_is_new() {
    let counters = Counters::new(Contended::new(0));
    let mut loaded = counters.load("a").await.unwrap();
    for number in 1..=50 {
        let done = counters.execute_on(&mut loaded, Increase { by: 1 }, Metadata::new()).await.unwrap();
        assert_eq!((done.version, loaded.version()), (Version::new(number), Version::new(number - 1)));
    }
    // Each command has read the one event of the command before.
    assert_eq!(counters.store().events_read.load(Ordering::Relaxed), 49);
    counters.execute("a", Increase { by: 5 }).await.unwrap();
    counters.refresh(&mut loaded).await.unwrap();
    assert_eq!(loaded.state().total, 55);
}

#[tokio::test]
async fn an_aggregate_at_hand_decides_on_what_others_did() {
    let counters = Counters::new(MemoryStore::new());
    counters.execute("a", Start { limit: 10 }).await.unwrap();
    let mut loaded = counters.load("a").await.unwrap();
    counters.execute("a", Increase { by: 8 }).await.unwrap();
    let refused = counters.execute_on(&mut loaded, Increase { by: 3 }, Metadata::new()).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Rejected(BeyondLimit { total: 11 })), "{refused:?}");
    let again = counters.execute_on(&mut loaded, Start { limit: 3 }, Metadata::new()).await.unwrap_err();
    assert!(matches!(again, ExecuteError::AlreadyExists { .. }), "{again:?}");
}

#[tokio::test]
async fn ids_correlation_and_causation_fill_themselves() {
    let counters = Counters::new(MemoryStore::new()).with_ids(counting_ids());
    let first = counters.execute("a", Increase { by: 2 }).await.unwrap();
    let caused = counters.execute_with("b", Increase { by: 1 }, first.follow_up().with_actor("ada")).await.unwrap();
    let log = counters.store().read_log(ReadLog::after(Position::START)).await.unwrap().events;
    let id = |number| Uuid::from_u128(number);
    // The first command is message 1, its events are 2 and 3; the command that follows takes both ids from them.
    assert_eq!(log.iter().map(|event| *event.id.as_uuid()).collect::<Vec<_>>(), [id(2), id(3), id(4)]);
    for event in &log[..2] {
        assert_eq!(event.metadata.correlation_id(), Some(&id(1).into()));
        assert_eq!(event.metadata.causation_id(), Some(&id(1).into()));
    }
    assert_eq!(log[2].metadata.correlation_id(), Some(&id(1).into()));
    assert_eq!(log[2].metadata.causation_id(), Some(&id(3).into()));
    assert_eq!((log[2].metadata.actor(), log[1].metadata.actor()), (Some("ada"), None));
    assert_eq!(caused.metadata, log[2].metadata);
    assert_eq!(log[1].follow_up().with_actor("ada"), log[2].metadata);
}

#[tokio::test]
async fn every_writer_gets_its_turn() {
    let counters = Counters::new(MemoryStore::new()).with_retry(RetryBudget::attempts(1_000));
    let tasks = (0..16).map(|_| {
        let counters = counters.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                counters.execute("a", Increase { by: 1 }).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let loaded = counters.load("a").await.unwrap();
    assert_eq!((loaded.state().total, loaded.version()), (320, Version::new(320)));
}

/// Someone else is faster in the first appends.
#[derive(Debug)]
struct Contended {
    store: MemoryStore,
    conflicts: AtomicUsize,
    appends: AtomicUsize,
    events_read: AtomicUsize,
}

impl Contended {
    fn new(conflicts: usize) -> Self {
        Self {
            store: MemoryStore::new(),
            conflicts: AtomicUsize::new(conflicts),
            appends: AtomicUsize::new(0),
            events_read: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl EventStore for Contended {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let number = self.appends.fetch_add(1, Ordering::Relaxed) as u128;
        let more = |left: usize| left.checked_sub(1);
        if self.conflicts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok() {
            let rival = stored(number, Increased::NAME, Increased::VERSION, r#"{"by":10}"#);
            self.store.append(stream, ExpectedVersion::Any, vec![rival]).await?;
        }
        self.store.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let page = self.store.read_stream(stream, range).await?;
        self.events_read.fetch_add(page.events.len(), Ordering::Relaxed);
        Ok(page)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.store.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

#[tokio::test]
async fn a_conflict_is_decided_again_on_the_new_state() {
    let counters = Counters::new(Contended::new(3));
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state().total, 31);
    assert_eq!(counters.store().appends.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_spent_budget_gives_the_conflict_back() {
    let pauses = Arc::new(AtomicUsize::new(0));
    let counted = {
        let pauses = Arc::clone(&pauses);
        move |failed| {
            pauses.fetch_add(failed as usize, Ordering::Relaxed);
            async {}
        }
    };
    let counters = Counters::new(Contended::new(9)).with_retry(RetryBudget::attempts(3).with_pause(counted));
    let error = counters.execute("a", Increase { by: 1 }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "conflict on stream `counter-a`: expected version 2, but it is at version 3, after 3 attempts"
    );
    assert_eq!(counters.store().appends.load(Ordering::Relaxed), 3);
    assert_eq!(pauses.load(Ordering::Relaxed), 1 + 2);
    assert_eq!(counters.load("a").await.unwrap().state().total, 30, "only the rival's events are there");
}

#[tokio::test]
async fn what_cannot_be_read_stops_load_and_execute_with_its_place() {
    for (name, version, payload, is_unknown) in [
        ("counter-lost", 1, "{}", true),
        ("counter-increased", 3, "{}", true),
        ("counter-increased", 1, r#"{"by":1}"#, false),
        ("counter-increased", 2, "garbage", false),
    ] {
        let counters = Counters::new(MemoryStore::new());
        let events = vec![stored(1, Started::NAME, 1, r#"{"limit":5}"#), stored(2, name, version, payload)];
        counters.store().append(&stream("a"), ExpectedVersion::NoStream, events).await.unwrap();
        let Err(LoadError::Decode(error)) = counters.load("a").await else { panic!("{name} {version} was read") };
        assert_eq!(
            (error.stream(), error.version(), error.position()),
            (&stream("a"), Version::new(2), Position::new(2))
        );
        assert_eq!((error.name().as_str(), error.schema_version()), (name, version));
        assert_eq!(error.is_unknown(), is_unknown);
        let failed = counters.execute("a", Increase { by: 1 }).await.unwrap_err();
        assert!(matches!(failed, ExecuteError::Decode(_)), "{failed:?}");
        assert_eq!(counters.load_at("a", 1).await.unwrap().state().limit, Some(5), "what is before it can be read");
        let log = counters.store().read_log(ReadLog::after(Position::START)).await.unwrap();
        assert_eq!(log.events.len(), 2, "nothing was stored");
    }
}

#[tokio::test]
async fn an_old_version_is_read_and_a_current_one_is_written() {
    let counters = Counters::new(MemoryStore::new());
    let old = vec![stored(1, "counter-increased", 1, r#"{"n":5}"#)];
    counters.store().append(&stream("a"), ExpectedVersion::NoStream, old).await.unwrap();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    assert_eq!(counters.load("a").await.unwrap().state().total, 6);
    let log = counters.store().read_log(ReadLog::after(Position::START)).await.unwrap().events;
    assert_eq!(log.iter().map(|event| event.schema_version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(&log[1].payload[..], br#"{"by":1}"#);
}

#[tokio::test]
async fn an_event_that_cannot_be_encoded_writes_nothing() {
    let counters = Counters::new(MemoryStore::new());
    let error = counters.execute("a", Jam {}).await.unwrap_err();
    assert_eq!(error.to_string(), "event `counter-jammed` for stream `counter-a` could not be encoded");
    assert_eq!(error.source().unwrap().to_string(), "jammed");
    assert!(!counters.load("a").await.unwrap().exists());
}

#[tokio::test]
async fn an_id_that_names_no_stream_is_refused() {
    let counters = Counters::new(MemoryStore::new());
    let error = counters.execute("", Increase { by: 1 }).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Id(InvalidStreamId::EmptyId { .. })), "{error:?}");
    let long = "x".repeat(600);
    assert!(matches!(counters.load(&long).await, Err(LoadError::Id(InvalidStreamId::TooLong { bytes: 608, .. }))));
    assert!(counters.load("line\nbreak").await.is_err());
}

#[tokio::test]
async fn what_the_store_refuses_is_passed_on() {
    let limits = Limits { payload_bytes: 1_000, batch_events: 2 };
    let counters = Counters::new(MemoryStore::with_limits(limits));
    let error = counters.execute("a", Increase { by: 3 }).await.unwrap_err();
    assert_eq!(error.to_string(), "append to stream `counter-a` refused: 3 events in one append, the limit is 2");
    assert!(!counters.load("a").await.unwrap().exists());
}

#[tokio::test]
async fn every_form_of_a_store_works() {
    async fn counted<S: EventStore>(store: S) -> u32 {
        let counters = Counters::<S>::new(store);
        counters.execute("a", Increase { by: 2 }).await.unwrap();
        counters.load("a").await.unwrap().into_state().total
    }
    let shared = MemoryStore::new();
    assert_eq!(counted(shared.clone()).await, 2);
    assert_eq!(counted(&shared).await, 4);
    assert_eq!(counted(Arc::new(shared.clone())).await, 6);
    assert_eq!(counted(Box::new(shared.clone()) as Box<dyn EventStore>).await, 8);
    assert_eq!(counted(Arc::new(shared) as Arc<dyn EventStore>).await, 10);
}

#[test]
fn futures_of_a_repository_can_be_sent_to_another_thread() {
    fn sent<F: Future + Send>(_: F) {}
    let counters = Counters::new(MemoryStore::new());
    sent(counters.execute("a", Increase { by: 1 }));
    sent(counters.load_at("a", 3));
}
