//! A command with an id has its effect once, however often it is sent.

mod counter;

use std::error::Error;
use std::sync::Arc;

use counter::{BeyondLimit, Counter, Increase, Start};
use es_core::store::{AppendError, EventStore, ReadLog, ReadStream};
use es_core::{
    CommandOptions, Events, ExecuteError, Executed, ExpectedVersion, Fingerprint, MessageId, Metadata, RecordedEvent,
    Repository, StreamId, StreamUpcaster, UpcastingStore, Version,
};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, ConflictStore, Fault, Operation};

type Counters<S = MemoryStore> = Repository<Counter, S>;

fn id(text: &str) -> MessageId {
    text.into()
}

async fn total<S: EventStore>(counters: &Counters<S>) -> u32 {
    counters.load("a").await.unwrap().state().total
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    for cached in [0, 8] {
        let counters = Counters::new(MemoryStore::new()).with_cache(cached);
        let actor = Metadata::new().with_actor("ada");
        let first = counters.execute_once("a", &id("c1"), Increase { by: 3 }, actor.clone()).await.unwrap();
        counters.execute_once("a", &id("c2"), Increase { by: 1 }, actor).await.unwrap();
        // Also where the repeat says something else, and would lead to more or fewer events.
        for by in [3, 2, 5, 0] {
            let bob = Metadata::new().with_actor("bob");
            let again = counters.execute_once("a", &id("c1"), Increase { by }, bob).await.unwrap();
            assert_eq!(again, first, "{by}");
        }
        assert_eq!(total(&counters).await, 4);
        assert_eq!((first.version, first.metadata.causation_id()), (Version::new(3), Some(&id("c1"))));
    }
}

/// Reads some versions of every stream as nothing.
#[derive(Clone)]
struct Forgetful(&'static [u64]);

impl StreamUpcaster for Forgetful {
    type Context = ();

    fn applies_to(&self, _: &StreamId) -> bool {
        true
    }

    fn upcast(&self, (): &mut (), event: RecordedEvent) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
        let is_forgotten = self.0.contains(&event.version.get());
        Ok(if is_forgotten { Events::none() } else { Events::one(event) })
    }
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_also_where_events_of_it_are_read_as_nothing_by_now() {
    for forgotten in [&[2_u64][..], &[3], &[4], &[2, 3, 4], &[1, 5]] {
        let store = MemoryStore::new();
        let counters = Counters::new(store.clone());
        counters.execute("a", Increase { by: 1 }).await.unwrap();
        let first = counters.execute_once("a", &id("c1"), Increase { by: 3 }, Metadata::new()).await.unwrap();
        counters.execute("a", Increase { by: 2 }).await.unwrap();
        let today = Counters::new(UpcastingStore::new(store.clone(), Forgetful(forgotten)));
        // Also where it would be refused by now.
        for by in [3, 1_000] {
            let again = today.execute_once("a", &id("c1"), Increase { by }, Metadata::new()).await.unwrap();
            let of = |done: &Executed<_>| (done.stream.clone(), done.version, done.position, done.last_event_id);
            assert_eq!(of(&again), of(&first), "{forgotten:?}");
            let left = (2..=4).filter(|version| !forgotten.contains(version)).count();
            assert_eq!(again.events.len(), left, "{forgotten:?}");
        }
        assert_eq!(store.read_stream(&first.stream, ReadStream::all()).await.unwrap().version, Version::new(6));
    }
}

#[tokio::test]
async fn an_id_that_is_used_for_another_command_is_refused() {
    let said = |text: &str| CommandOptions::new().once("c1").with_fingerprint(Fingerprint::of([text]));
    for cached in [0, 8] {
        let counters = Counters::new(MemoryStore::new()).with_cache(cached);
        let first = counters.execute_with("a", Increase { by: 3 }, said("by 3")).await.unwrap();
        let again = counters.execute_with("a", Increase { by: 3 }, said("by 3")).await.unwrap();
        assert_eq!(again, first);
        assert_eq!(first.metadata.command_fingerprint(), Some(Fingerprint::of(["by 3"])));
        assert_eq!(first.follow_up().command_fingerprint(), None, "what follows is another command");
        for by in [3, 1, 0] {
            let reused = counters.execute_with("a", Increase { by }, said("something else")).await.unwrap_err();
            let ExecuteError::CommandIdReused { stream, command_id, version } = reused else { panic!("{reused:?}") };
            assert_eq!((stream.as_str(), command_id, version), ("counter-a", id("c1"), Version::new(1)));
        }
        assert_eq!(total(&counters).await, 3);
        // Whoever says nothing of what he says gets the first answer, as before.
        assert_eq!(
            counters.execute_with("a", Increase { by: 9 }, CommandOptions::new().once("c1")).await.unwrap(),
            first
        );
        // And where the first said nothing, nothing is known of it.
        let silent = counters.execute_with("a", Increase { by: 1 }, CommandOptions::new().once("c2")).await.unwrap();
        let told = CommandOptions::new().once("c2").with_fingerprint(Fingerprint::of(["by 2"]));
        assert_eq!(counters.execute_with("a", Increase { by: 2 }, told).await.unwrap(), silent);
    }
}

#[tokio::test]
async fn an_id_that_was_used_to_create_creates_nothing_else() {
    let said = |text: &str| CommandOptions::new().once("s").with_fingerprint(Fingerprint::of([text]));
    let counters = Counters::new(MemoryStore::new());
    let first = counters.execute_with("a", Start { limit: 2 }, said("2")).await.unwrap();
    assert_eq!(counters.execute_with("a", Start { limit: 2 }, said("2")).await.unwrap(), first);
    let reused = counters.execute_with("a", Start { limit: 3 }, said("3")).await;
    assert!(matches!(reused, Err(ExecuteError::CommandIdReused { .. })), "{reused:?}");
    let reused = counters.execute_with("a", Increase { by: 1 }, said("by 1")).await;
    assert!(matches!(reused, Err(ExecuteError::CommandIdReused { .. })), "{reused:?}");
}

#[tokio::test]
async fn of_two_commands_with_one_id_at_once_one_is_refused() {
    for round in 0..50_u32 {
        let counters = Counters::new(MemoryStore::new());
        let tasks: Vec<_> = (0..4_u32)
            .map(|by| {
                let counters = counters.clone();
                let options = CommandOptions::new().once("c").with_fingerprint(Fingerprint::of([by.to_string()]));
                tokio::spawn(async move { counters.execute_with("a", Increase { by: by + 1 }, options).await })
            })
            .collect();
        let mut done = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(executed) => done.push(executed),
                Err(ExecuteError::CommandIdReused { .. }) => {}
                Err(error) => panic!("round {round}: {error:?}"),
            }
        }
        assert_eq!(done.len(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_repeat_that_would_be_refused_now_gets_the_first_answer() {
    let counters = Counters::new(MemoryStore::new());
    let started = counters.execute_once("a", &id("s"), Start { limit: 2 }, Metadata::new()).await.unwrap();
    let first = counters.execute_once("a", &id("c"), Increase { by: 2 }, Metadata::new()).await.unwrap();
    let again = counters.execute_once("a", &id("c"), Increase { by: 2 }, Metadata::new()).await.unwrap();
    assert_eq!(again, first);
    // What creates is told apart from what was created by somebody else.
    assert_eq!(counters.execute_once("a", &id("s"), Start { limit: 2 }, Metadata::new()).await.unwrap(), started);
    let other = counters.execute_once("a", &id("t"), Start { limit: 2 }, Metadata::new()).await;
    assert!(matches!(other, Err(ExecuteError::AlreadyExists { .. })), "{other:?}");
    let refused = counters.execute_once("a", &id("d"), Increase { by: 2 }, Metadata::new()).await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(BeyondLimit { total: 4 }))), "{refused:?}");
}

#[tokio::test]
async fn what_wrote_nothing_is_decided_again() {
    let counters = Counters::new(MemoryStore::new());
    let none = counters.execute_once("a", &id("c"), Increase { by: 0 }, Metadata::new()).await.unwrap();
    assert!(none.events.is_empty());
    let done = counters.execute_once("a", &id("c"), Increase { by: 1 }, Metadata::new()).await.unwrap();
    assert_eq!((done.events.len(), total(&counters).await), (1, 1));
}

#[tokio::test]
async fn one_id_on_two_aggregates_is_two_commands() {
    let counters = Counters::new(MemoryStore::new());
    for stream in ["a", "b"] {
        counters.execute_once(stream, &id("c"), Increase { by: 1 }, Metadata::new()).await.unwrap();
    }
    assert_eq!(counters.load("b").await.unwrap().state().total, 1);
}

#[tokio::test]
async fn more_events_than_a_page_are_found_again() {
    let counters = Counters::new(MemoryStore::new());
    let first = counters.execute_once("a", &id("c"), Increase { by: 200 }, Metadata::new()).await.unwrap();
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    let again = counters.execute_once("a", &id("c"), Increase { by: 1 }, Metadata::new()).await.unwrap();
    assert_eq!((again.events.len(), &again), (200, &first));
}

#[tokio::test]
async fn a_lost_reply_is_found_out_by_sending_again() {
    for fault in [Fault::Before, Fault::After, Fault::Late] {
        let store = ChaosStore::new(MemoryStore::new(), 1).on(Operation::Append, 1, fault);
        let counters = Repository::<Counter, _>::new(store.clone());
        let lost = counters.execute_once("a", &id("c"), Increase { by: 2 }, Metadata::new()).await;
        assert!(matches!(lost, Err(ExecuteError::Append(AppendError::Store { .. }))), "{fault}: {lost:?}");
        let done = counters.execute_once("a", &id("c"), Increase { by: 2 }, Metadata::new()).await.unwrap();
        assert_eq!((done.version, done.events.len()), (Version::new(2), 2), "{fault}");
        assert_eq!(store.read_log(ReadLog::all()).await.unwrap().events.len(), 2, "{fault}");
    }
}

#[tokio::test]
async fn conflicts_and_rivals_with_the_same_id_do_it_once() {
    let store = Arc::new(ConflictStore::new(MemoryStore::new(), 2));
    let counters = Repository::<Counter, _>::new(Arc::clone(&store));
    counters.execute_once("a", &id("c"), Increase { by: 1 }, Metadata::new()).await.unwrap();
    assert_eq!(total(&counters).await, 1);

    let counters = Counters::new(MemoryStore::new());
    let rivals: Vec<_> = (0..16)
        .map(|_| {
            let counters = counters.clone();
            tokio::spawn(async move {
                counters.execute_once("a", &id("r"), Increase { by: 3 }, Metadata::new()).await.unwrap()
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for rival in rivals {
        outcomes.push(rival.await.unwrap());
    }
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:#?}");
    assert_eq!(total(&counters).await, 3);
}

#[tokio::test]
async fn to_ask_whether_it_was_done_writes_nothing() {
    let store = MemoryStore::new();
    let counters = Counters::new(store.clone());
    counters.execute("a", Start { limit: 0 }).await.unwrap();
    let refused = counters.execute_once("a", &id("c"), Increase { by: 1 }, Metadata::new()).await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(_))));
    let stream = StreamId::new("counter", "a").unwrap();
    let page = store.read_stream(&stream, ReadStream::all()).await.unwrap();
    assert_eq!(page.events.len(), 1);
    assert!(!ExpectedVersion::Exact(Version::new(u64::MAX - 1)).accepts(page.version));
}

#[tokio::test]
async fn what_expects_a_version_is_not_decided_on_another() {
    for cached in [0, 8] {
        let counters = Counters::new(MemoryStore::new()).with_cache(cached);
        let at = |version| CommandOptions::new().expecting(Version::new(version));
        counters.execute_with("a", Start { limit: 9 }, at(0)).await.unwrap();
        counters.execute_with("a", Increase { by: 2 }, at(1)).await.unwrap();
        for version in [0, 1, 2, 4] {
            let late = counters.execute_with("a", Increase { by: 1 }, at(version)).await.unwrap_err();
            let ExecuteError::Conflict { expected, actual, attempts: 1, .. } = late else { panic!("{late:?}") };
            assert_eq!((expected, actual), (Version::new(version), Version::new(3)));
            let create = counters.execute_with("a", Start { limit: 9 }, at(version)).await;
            assert!(matches!(create, Err(ExecuteError::Conflict { .. })), "{create:?}");
        }
        let create = counters.execute_with("a", Start { limit: 9 }, at(3)).await;
        assert!(matches!(create, Err(ExecuteError::AlreadyExists { .. })), "{create:?}");
        // Also where nothing would be written, and where the aggregate would refuse.
        let nothing = counters.execute_with("a", Increase { by: 0 }, at(2)).await;
        assert!(matches!(nothing, Err(ExecuteError::Conflict { .. })), "{nothing:?}");
        let refused = counters.execute_with("a", Increase { by: 90 }, at(2)).await;
        assert!(matches!(refused, Err(ExecuteError::Conflict { .. })), "{refused:?}");
        counters.execute_with("a", Increase { by: 1 }, at(3)).await.unwrap();
        assert_eq!(total(&counters).await, 3);
    }
}

#[tokio::test]
async fn what_expects_a_version_is_not_tried_again_when_somebody_is_faster() {
    let counters = Repository::<Counter, _>::new(ConflictStore::new(MemoryStore::new(), 1));
    let options = || CommandOptions::new().expecting(Version::EMPTY);
    let late = counters.execute_with("a", Increase { by: 1 }, options()).await;
    assert!(matches!(late, Err(ExecuteError::Conflict { attempts: 1, .. })), "{late:?}");
    counters.execute_with("a", Increase { by: 1 }, options()).await.unwrap();
}

#[tokio::test]
async fn a_repeat_is_no_conflict_although_the_version_has_moved() {
    let counters = Counters::new(MemoryStore::new());
    let options = || CommandOptions::new().once("c").expecting(Version::EMPTY);
    let first = counters.execute_with("a", Increase { by: 2 }, options()).await.unwrap();
    let again = counters.execute_with("a", Increase { by: 2 }, options()).await.unwrap();
    assert_eq!(again, first);
    let other = counters.execute_with("a", Increase { by: 2 }, options().once("d")).await;
    assert!(matches!(other, Err(ExecuteError::Conflict { .. })), "{other:?}");
}
