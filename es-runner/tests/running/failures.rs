//! Only the event at fault is punished: by a stop before it, or by parking it and what comes behind it.

use std::sync::Arc;
use std::time::Duration;

use es_core::store::{FailureStore, ParkCapacity};
use es_core::{EventProcessor, Position};
use es_memory_store::MemoryStore;
use es_runner::{ControlError, OnFailure, Options, Retried, Runner, Running, State, Stopped, WaitError};
use es_testkit::stores::{ChaosStore, Fault, Operation};

use crate::bench::{LONG, Notes, Wrong, fill, name, p, put, runtime_clock};

const ALL: [Wrong; 5] = [Wrong::Event, Wrong::Panic, Wrong::PanicInCommit, Wrong::Keys, Wrong::PanicInKeys];

fn parking() -> Options {
    Options::default().retries(2).on_failure(OnFailure::Park(ParkCapacity::default()))
}

fn run(store: &MemoryStore, notes: &Arc<Notes>, options: Options) -> Running {
    let runner = Runner::new(store.clone()).failures(store.clone()).clock(runtime_clock()).seed(1);
    runner.add(Arc::clone(notes), options).start().unwrap()
}

async fn stopped(running: &Running) -> Stopped {
    let mut status = running.watch(&name("notes")).unwrap();
    let stopped = status.wait_for(|status| matches!(status.state, State::Stopped(_)));
    let status = tokio::time::timeout(LONG, stopped).await.expect("in time").unwrap();
    match &status.state {
        State::Stopped(why) => why.clone(),
        state => panic!("{state:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_processor_stops_before_the_event_at_fault_and_says_why() {
    for wrong in ALL {
        let store = MemoryStore::new();
        fill(&store, 100, 10).await;
        let notes = Arc::new(Notes::new("notes"));
        notes.breaks(42, wrong);
        let running = run(&store, &notes, Options::default().retries(2));
        let Stopped::Failed { at: Some(at), errors } = stopped(&running).await else { panic!("{wrong:?}") };
        assert_eq!((at.position, at.stream.as_str()), (p(42), "account-1"), "{wrong:?}");
        assert!(!errors.is_empty());
        assert_eq!(notes.sorted(), (1..=41).collect::<Vec<_>>(), "{wrong:?}");
        assert_eq!(running.status(&name("notes")).checkpoint, Some(p(41)));
        let waited = running.wait_for(&name("notes"), p(50), LONG).await;
        assert!(matches!(waited, Err(WaitError::Stopped { seen: Some(seen), .. }) if seen == p(41)), "{waited:?}");

        notes.mends(42);
        running.resume(&name("notes")).await.unwrap();
        running.wait_for(&name("notes"), p(100), LONG).await.unwrap();
        assert_eq!(notes.sorted(), (1..=100).collect::<Vec<_>>(), "{wrong:?}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_at_fault_is_parked_with_all_later_ones_of_its_keys() {
    for wrong in ALL {
        let store = MemoryStore::new();
        fill(&store, 100, 10).await;
        let notes = Arc::new(Notes::new("notes"));
        notes.breaks(42, wrong);
        let running = run(&store, &notes, parking());
        running.wait_for(&name("notes"), p(100), LONG).await.unwrap();
        // Event 42 is of `account-1`, as are 52, 62, …
        let (behind, others): (Vec<_>, Vec<_>) = (1..=100).partition(|position| *position >= 42 && position % 10 == 2);
        assert_eq!(notes.sorted(), others, "{wrong:?}");
        let parked = running.parked(&name("notes"), None, Position::START, 100).await.unwrap();
        assert_eq!(parked.iter().map(|event| event.position.get()).collect::<Vec<_>>(), behind, "{wrong:?}");
        assert_eq!((parked[0].attempts, parked[0].errors.is_empty()), (3, false), "{wrong:?}");
        assert!(parked[1..].iter().all(|event| event.attempts == 0 && event.errors.is_empty()));
        if wrong == Wrong::Event {
            assert_eq!(parked[0].errors[1], "the amount is missing");
        }
        assert_eq!(running.status(&name("notes")).parked.events, 6);
        assert_eq!(running.parked_keys(&name("notes")).await.unwrap()[0].key, "account-1");

        // Still at fault: it is noted, and nothing else is tried.
        let again = running.retry(&name("notes"), "account-1").await.unwrap();
        assert!(matches!(again, Retried { done: 0, left: 6, failed: Some((at, _)) } if at == p(42)), "{again:?}");
        assert_eq!(running.parked(&name("notes"), None, Position::START, 1).await.unwrap()[0].attempts, 4);
        assert_eq!(notes.sorted(), others);

        // In order, one at a time, up to the next that fails.
        notes.mends(42);
        notes.breaks(72, wrong);
        let again = running.retry(&name("notes"), "account-1").await.unwrap();
        assert!(matches!(again, Retried { done: 3, left: 3, failed: Some((at, _)) } if at == p(72)), "{again:?}");
        put(&store, 1, "fine").await;
        running.wait_for(&name("notes"), p(101), LONG).await.unwrap();
        assert_eq!(running.status(&name("notes")).parked.events, 4, "101 waits behind 72");
        notes.mends(72);
        let again = running.retry(&name("notes"), "account-1").await.unwrap();
        assert_eq!(again, Retried { done: 4, left: 0, failed: None });
        put(&store, 1, "fine").await;
        running.wait_for(&name("notes"), p(102), LONG).await.unwrap();
        assert_eq!(notes.sorted(), (1..=102).collect::<Vec<_>>());
        notes.assert_order();
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_of_two_keys_that_waits_behind_one_holds_up_the_other() {
    let store = MemoryStore::new();
    put(&store, 1, "fine").await;
    put(&store, 1, "with 2").await;
    put(&store, 2, "fine").await;
    put(&store, 3, "fine").await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(1, Wrong::Event);
    let running = run(&store, &notes, parking());
    running.wait_for(&name("notes"), p(4), LONG).await.unwrap();
    assert_eq!(notes.effects(), [4]);
    notes.mends(1);
    let again = running.retry(&name("notes"), "account-2").await.unwrap();
    assert_eq!(again, Retried { done: 3, left: 0, failed: None });
    assert_eq!(notes.effects(), [4, 1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_discarded_is_gone_and_its_key_goes_on() {
    let store = MemoryStore::new();
    fill(&store, 30, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let running = run(&store, &notes, parking());
    running.wait_for(&name("notes"), p(30), LONG).await.unwrap();
    assert_eq!(running.discard(&name("notes"), "account-0").await, Ok(2));
    fill(&store, 10, 10).await;
    running.wait_for(&name("notes"), p(40), LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=40).filter(|at| *at != 11 && *at != 21).collect::<Vec<_>>());
    assert_eq!(running.discard(&name("notes"), "account-0").await, Ok(0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_is_parked_for_the_next_run_as_well() {
    let store = MemoryStore::new();
    fill(&store, 20, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let running = run(&store, &notes, parking());
    running.wait_for(&name("notes"), p(20), LONG).await.unwrap();
    running.stop().await;
    fill(&store, 10, 10).await;
    let running = run(&store, &notes, parking());
    running.wait_for(&name("notes"), p(30), LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=30).filter(|at| *at != 11 && *at != 21).collect::<Vec<_>>());
    assert_eq!(running.status(&name("notes")).parked.events, 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_full_parking_lot_stops_the_processor() {
    let store = MemoryStore::new();
    fill(&store, 40, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let small = ParkCapacity { keys: 10, events: 2 };
    let running = run(&store, &notes, Options::default().on_failure(OnFailure::Park(small)));
    let Stopped::Failed { errors, .. } = stopped(&running).await else { panic!("it did not fail") };
    assert!(errors[0].contains("has no room for another"), "{errors:?}");
    assert_eq!(store.count_parked(notes.name()).await.unwrap().events, 2);
    assert!(notes.model().checkpoint < Some(p(31)), "31 is not parked and not processed");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_fails_once_is_tried_again_and_nothing_is_parked() {
    let store = MemoryStore::new();
    fill(&store, 30, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let running = run(&store, &notes, parking());
    let mut status = running.watch(&name("notes")).unwrap();
    let retrying = |state: &State| matches!(state, State::Retrying { failures: 2, .. });
    let status = status.wait_for(|status| retrying(&status.state)).await.unwrap().clone();
    assert_eq!(status.checkpoint, Some(p(10)));
    notes.mends(11);
    running.wait_for(&name("notes"), p(30), LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=30).collect::<Vec<_>>());
    assert_eq!(running.status(&name("notes")).parked.events, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_tried_again_without_end_and_nothing_is_lost() {
    for fault in [Fault::Before, Fault::After] {
        let below = MemoryStore::new();
        let store = ChaosStore::new(below.clone(), 3).chance(Operation::ReadLog, fault, 0.5).chance(
            Operation::AppendedAfter,
            fault,
            0.5,
        );
        let notes = Arc::new(Notes::new("notes"));
        let options = Options::default().batch(5).retries(0);
        let running = Runner::new(store.clone()).seed(1).add(Arc::clone(&notes), options).start().unwrap();
        for _ in 0..20 {
            let last = fill(&below, 10, 3).await;
            running.wait_for(&name("notes"), last, LONG).await.unwrap();
        }
        assert_eq!(notes.sorted(), (1..=200).collect::<Vec<_>>());
        notes.assert_order();
        assert!(store.injected().len() > 20, "{:?}", store.injected().len());
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_lag_is_told_in_events_and_in_time() {
    let store = MemoryStore::new();
    fill(&store, 30, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let running = run(&store, &notes, Options::default().retries(0));
    stopped(&running).await;
    let status = running.status(&name("notes"));
    assert_eq!((status.lag(), status.head), (20, p(30)));
    // The events of the tests happened at the beginning of time.
    let now = es_core::Timestamp::from_micros(90_000_000);
    assert_eq!(status.lag_time(now), Duration::from_secs(90));
    notes.mends(11);
    running.resume(&name("notes")).await.unwrap();
    running.wait_for(&name("notes"), p(30), LONG).await.unwrap();
    let status = running.status(&name("notes"));
    assert_eq!((status.lag(), status.lag_time(now), status.state), (0, Duration::ZERO, State::Live));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_store_of_failures_there_is_nothing_to_retry() {
    let store = MemoryStore::new();
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(store.clone()).add(notes, Options::default()).start().unwrap();
    let nothing = running.retry(&name("notes"), "account-1").await;
    assert_eq!(nothing, Err(ControlError::NoFailures { processor: name("notes") }));
    running.stop().await;
}
