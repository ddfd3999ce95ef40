//! Everything done again, and new versions beside old ones.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use es_core::store::ParkCapacity;
use es_memory_store::MemoryStore;
use es_runner::{ControlError, Happened, OnFailure, Options, Runner, StartError, State, Stopped};
use es_testkit::stores::{ChaosStore, Fault, Operation};

use crate::bench::{LONG, Notes, Wrong, fill, name, p, put, runtime_clock};

#[tokio::test(start_paused = true)]
async fn a_rebuild_gives_what_there_was_and_touches_nothing_else() {
    let store = MemoryStore::new();
    let last = fill(&store, 100, 10).await;
    let (notes, other) = (Arc::new(Notes::new("notes")), Arc::new(Notes::new("other")));
    let runner = Runner::new(store.clone()).add_rebuildable(Arc::clone(&notes), Options::default().batch(10));
    let running = runner.add(Arc::clone(&other), Options::default()).start().unwrap();
    for name in [name("notes"), name("other")] {
        running.wait_for(&name, last, LONG).await.unwrap();
    }
    // An orphan that no event explains.
    notes.model().effects.push((999, "nobody".to_owned()));
    let mut progress = running.progress();
    let total = running.rebuild(&name("notes")).await.unwrap();
    assert_eq!(total, last);
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=101).collect::<Vec<_>>());
    notes.assert_order();
    running.wait_for(&name("other"), last, LONG).await.unwrap();
    assert_eq!((other.handled.load(SeqCst), other.sorted().len()), (101, 101));
    running.stop().await;
    let mut told = Vec::new();
    while let Ok(one) = progress.recv().await {
        told.extend((one.processor == name("notes")).then_some(one.what));
    }
    assert_eq!(told[0], Happened::Cleared { total });
    assert!(
        told.iter()
            .any(|what| matches!(what, Happened::Committed { done, total, .. } if *done == p(50) && *total >= p(100)))
    );
    let rebuilt = told.iter().position(|what| *what == Happened::Rebuilt).expect("it was rebuilt");
    assert!(matches!(told[rebuilt - 1], Happened::Committed { done, .. } if done >= total));
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_that_is_interrupted_goes_on_where_it_was() {
    let store = MemoryStore::new();
    let last = fill(&store, 100, 10).await;
    let notes = Arc::new(Notes::new("notes").pausing(Duration::from_millis(10)));
    let runner = || {
        let options = Options::default().batch(10);
        Runner::new(store.clone()).drain(Duration::ZERO).add_rebuildable(Arc::clone(&notes), options).start().unwrap()
    };
    let running = runner();
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    running.rebuild(&name("notes")).await.unwrap();
    running.wait_for(&name("notes"), p(40), LONG).await.unwrap();
    running.stop().await;
    let at = notes.model().checkpoint.unwrap();
    assert!(at < last, "nothing was left to do");
    let before = notes.effects().len();
    let running = runner();
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(notes.effects().len() - before, 100 - usize::try_from(at.get()).unwrap());
    assert_eq!(notes.sorted(), (1..=100).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_tries_what_was_parked_with_everything_else() {
    let store = MemoryStore::new();
    let last = fill(&store, 30, 10).await;
    let notes = Arc::new(Notes::new("notes"));
    notes.breaks(11, Wrong::Event);
    let options = Options::default().retries(0).on_failure(OnFailure::Park(ParkCapacity::default()));
    let runner = Runner::new(store.clone()).failures(store.clone());
    let running = runner.add_rebuildable(Arc::clone(&notes), options).start().unwrap();
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(running.status(&name("notes")).parked.events, 2);
    notes.mends(11);
    running.rebuild(&name("notes")).await.unwrap();
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=30).collect::<Vec<_>>());
    assert_eq!(running.status(&name("notes")).parked.events, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn only_what_can_be_rebuilt_is() {
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(MemoryStore::new()).add(notes, Options::default()).start().unwrap();
    let refused = running.rebuild(&name("notes")).await;
    assert_eq!(refused, Err(ControlError::NotRegistered { processor: name("notes"), what: "be rebuilt" }));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_read_model_catches_up_beside_the_old_one_and_takes_over() {
    let store = MemoryStore::new();
    let last = fill(&store, 100, 10).await;
    let (old, new) = (Arc::new(Notes::new("v1")), Arc::new(Notes::new("v2").pausing(Duration::from_millis(30))));
    old.model().checkpoint = Some(last);
    let runner = Runner::new(store.clone()).add(Arc::clone(&old), Options::default());
    let running = runner.add(Arc::clone(&new), Options::default().batch(7)).start().unwrap();
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("v1"), last, LONG).await.unwrap();
    let mark = running.promote(&name("v2"), &name("v1"), LONG).await.unwrap();
    assert_eq!(mark, last);
    assert_eq!(new.sorted(), (1..=101).collect::<Vec<_>>());
    assert_eq!(running.status(&name("v1")).state, State::Stopped(Stopped::Replaced { by: name("v2") }));
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("v2"), last, LONG).await.unwrap();
    assert_eq!(old.effects(), [101]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_successor_has_its_effects_after_the_mark_of_the_old_one_and_not_before() {
    let store = MemoryStore::new();
    let (old, new) = (Arc::new(Notes::new("v1")), Arc::new(Notes::new("v2")));
    let start = || {
        let runner = Runner::new(store.clone()).add(Arc::clone(&old), Options::default().batch(3));
        runner.add_successor(Arc::clone(&new), &name("v1"), Options::default().batch(4)).start().unwrap()
    };
    let running = start();
    let last = fill(&store, 50, 5).await;
    running.wait_for(&name("v1"), last, LONG).await.unwrap();
    running.wait_for(&name("v2"), last, LONG).await.unwrap();
    running.stop().await;
    // Another start changes nothing: the old one still has the effects.
    let running = start();
    let last = fill(&store, 50, 5).await;
    running.wait_for(&name("v1"), last, LONG).await.unwrap();
    assert_eq!((old.sorted(), new.effects()), ((1..=100).collect(), vec![]));
    let mark = running.promote(&name("v2"), &name("v1"), LONG).await.unwrap();
    assert_eq!(mark, p(100));
    let last = fill(&store, 50, 5).await;
    running.wait_for(&name("v2"), last, LONG).await.unwrap();
    assert_eq!((old.sorted(), new.sorted()), ((1..=100).collect(), (101..=150).collect()));
    running.stop().await;
    // After the next start the old one knows that it has been replaced.
    let running = start();
    let last = fill(&store, 10, 5).await;
    running.wait_for(&name("v2"), last, LONG).await.unwrap();
    assert_eq!(running.status(&name("v1")).state, State::Stopped(Stopped::Replaced { by: name("v2") }));
    assert_eq!((old.sorted(), new.sorted()), ((1..=100).collect(), (101..=160).collect()));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_old_version_goes_on_if_the_new_one_is_too_slow() {
    let store = MemoryStore::new();
    let last = fill(&store, 100, 10).await;
    let (old, new) = (Arc::new(Notes::new("v1")), Arc::new(Notes::new("v2").pausing(Duration::from_secs(60))));
    old.model().checkpoint = Some(last);
    let runner = Runner::new(store.clone()).add(Arc::clone(&old), Options::default());
    let running = runner.add_successor(Arc::clone(&new), &name("v1"), Options::default().batch(7)).start().unwrap();
    running.wait_for(&name("v1"), last, LONG).await.unwrap();
    let late = running.promote(&name("v2"), &name("v1"), Duration::from_secs(100)).await;
    assert!(matches!(late, Err(ControlError::NotThere { mark, .. }) if mark == last), "{late:?}");
    let last = put(&store, 1, "fine").await;
    running.wait_for(&name("v1"), last, LONG).await.unwrap();
    assert_eq!(old.effects(), [101]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handover_that_nobody_waits_for_any_more_goes_to_its_end() {
    for (patience, is_handed_over) in [(Duration::from_secs(20), false), (LONG, true)] {
        let store = MemoryStore::new();
        // When it is asked where it is, the old one is in the middle of what the new one still has to come to.
        let last = fill(&store, 10, 10).await;
        let old = Arc::new(Notes::new("v1").pausing(Duration::from_secs(5)));
        let new = Arc::new(Notes::new("v2").pausing(Duration::from_secs(30)));
        (old.model().checkpoint, new.model().checkpoint) = (Some(last), Some(last));
        let runner = Runner::new(store.clone()).add(Arc::clone(&old), Options::default());
        let running = runner.add_successor(Arc::clone(&new), &name("v1"), Options::default()).start().unwrap();
        running.wait_for(&name("v1"), last, LONG).await.unwrap();
        let last = put(&store, 1, "fine").await;
        while old.handled.load(SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (one, other) = (name("v2"), name("v1"));
        let promoting = running.promote(&one, &other, patience);
        // Dropped after the old one has been stopped at the new event, and before the new one is there.
        assert!(tokio::time::timeout(Duration::from_secs(10), promoting).await.is_err());
        assert_eq!(running.status(&name("v1")).state, State::Stopped(Stopped::Replaced { by: name("v2") }));
        tokio::time::sleep(Duration::from_secs(100)).await;
        let next = put(&store, 1, "fine").await;
        let goes_on = name(if is_handed_over { "v2" } else { "v1" });
        running.wait_for(&goes_on, next, LONG).await.unwrap();
        running.stop().await;
        let (by_old, by_new) = (vec![last.get()], vec![next.get()]);
        let both = vec![last.get(), next.get()];
        assert_eq!((old.effects(), new.effects()), if is_handed_over { (by_old, by_new) } else { (both, vec![]) });
    }
}

#[tokio::test(start_paused = true)]
async fn a_promotion_outlives_the_leases_of_both() {
    let ttl = Duration::from_secs(10);
    let store = MemoryStore::new().with_clock(runtime_clock());
    // No lease is renewed, so each is lost and granted again all the time.
    let deaf = ChaosStore::new(store.clone(), 1).chance(Operation::RenewLease, Fault::Before, 1.0);
    let last = fill(&store, 10, 10).await;
    let (old, new) = (Arc::new(Notes::new("v1")), Arc::new(Notes::new("v2")));
    let runner = Runner::new(store.clone()).leases(deaf).owner("node").lease_time(ttl);
    let runner = runner.add(Arc::clone(&old), Options::default());
    let running = runner.add_successor(Arc::clone(&new), &name("v1"), Options::default()).start().unwrap();
    for processor in ["v1", "v2"] {
        running.wait_for(&name(processor), last, LONG).await.unwrap();
    }
    let mark = running.promote(&name("v2"), &name("v1"), LONG).await.unwrap();
    assert_eq!(mark, last);
    // The new one has done nothing yet by which the next to ask could tell that it has taken over.
    tokio::time::sleep(ttl * 20).await;
    let next = put(&store, 1, "fine").await;
    running.wait_for(&name("v2"), next, LONG).await.unwrap();
    assert_eq!((old.sorted(), new.effects()), ((1..=10).collect(), vec![next.get()]));
    assert_eq!(running.status(&name("v1")).state, State::Stopped(Stopped::Replaced { by: name("v2") }));
    running.stop().await;
}

#[test]
fn two_cannot_follow_one() {
    let runner = Runner::new(MemoryStore::new()).add(Arc::new(Notes::new("v1")), Options::default());
    let runner = runner.add_successor(Arc::new(Notes::new("v2")), &name("v1"), Options::default());
    let twice = runner.add_successor(Arc::new(Notes::new("v3")), &name("v1"), Options::default()).start();
    assert_eq!(twice.unwrap_err(), StartError::NothingToFollow { processor: name("v3"), old: name("v1") });
}
