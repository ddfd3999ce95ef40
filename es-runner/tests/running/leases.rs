//! One active node for each processor.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use es_core::store::{LeaseError, LeaseStore};
use es_memory_store::MemoryStore;
use es_runner::{ControlError, Options, Runner, Running, State, Stopped};
use es_testkit::stores::{ChaosStore, Fault, Operation};

use crate::bench::{LONG, Notes, fill, name, p, put, runtime_clock};

const TTL: Duration = Duration::from_secs(10);

fn node(store: &MemoryStore, owner: &str, notes: &Arc<Notes>) -> Running {
    let runner = Runner::new(store.clone()).leases(store.clone()).failures(store.clone());
    let runner = runner.owner(owner).lease_time(TTL).clock(runtime_clock()).seed(1);
    runner.add(Arc::clone(notes), Options::default()).start().unwrap()
}

async fn becomes(running: &Running, state: impl Fn(&State) -> bool) {
    let mut status = running.watch(&name("notes")).unwrap();
    tokio::time::timeout(LONG, status.wait_for(|status| state(&status.state))).await.expect("in time").unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_node_is_active_and_the_other_takes_over_when_it_stops() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    let one = Arc::new(Notes::new("notes"));
    let two = Arc::new(one.twin());
    let first = node(&store, "first", &one);
    becomes(&first, |state| *state == State::Live).await;
    let second = node(&store, "second", &two);
    becomes(&second, |state| *state == State::Standby { held_by: "first".into() }).await;
    let last = fill(&store, 50, 5).await;
    first.wait_for(&name("notes"), last, LONG).await.unwrap();
    // The standby sees how far the active one is.
    second.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!((one.handled.load(SeqCst), two.handled.load(SeqCst)), (50, 0));
    assert_eq!(second.rebuild(&name("notes")).await, Err(ControlError::NotActive { processor: name("notes") }));
    first.stop().await;
    let last = fill(&store, 50, 5).await;
    second.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!((one.handled.load(SeqCst), two.handled.load(SeqCst)), (50, 50));
    assert_eq!(one.sorted(), (1..=100).collect::<Vec<_>>());
    assert!(second.status(&name("notes")).token > Some(1));
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_is_replaced_when_its_lease_ends() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    let one = Arc::new(Notes::new("notes"));
    let two = Arc::new(one.twin());
    let first = node(&store, "first", &one);
    becomes(&first, |state| *state == State::Live).await;
    let second = node(&store, "second", &two);
    let last = put(&store, 1, "fine").await;
    first.wait_for(&name("notes"), last, LONG).await.unwrap();
    drop(first);
    let died = tokio::time::Instant::now();
    let last = put(&store, 1, "fine").await;
    second.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert!(died.elapsed() <= TTL + TTL / 2, "it took {:?}", died.elapsed());
    assert_eq!(one.effects(), [1, 2]);
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_as_long_as_a_batch_takes() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    let one = Arc::new(Notes::new("notes").pausing(TTL * 20));
    let two = Arc::new(one.twin());
    fill(&store, 10, 1).await;
    let first = node(&store, "first", &one);
    becomes(&first, |state| *state == State::CatchingUp).await;
    let second = node(&store, "second", &two);
    first.wait_for(&name("notes"), p(10), LONG).await.unwrap();
    assert_eq!((one.effects().len(), two.handled.load(SeqCst)), (10, 0));
    first.stop().await;
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_its_lease_drops_what_it_is_doing() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    // Nothing comes through to renew the lease, so it ends in the middle of a batch.
    let deaf = ChaosStore::new(store.clone(), 1).chance(Operation::RenewLease, Fault::Before, 1.0);
    let one = Arc::new(Notes::new("notes").pausing(TTL * 20));
    let two = Arc::new(one.twin().pausing(Duration::ZERO));
    fill(&store, 10, 1).await;
    let runner = Runner::new(deaf.clone()).leases(deaf).owner("first").lease_time(TTL);
    let first = runner.add(Arc::clone(&one), Options::default()).start().unwrap();
    becomes(&first, |state| *state == State::CatchingUp).await;
    let second = node(&store, "second", &two);
    second.wait_for(&name("notes"), p(10), LONG).await.unwrap();
    becomes(&first, |state| *state == State::Standby { held_by: "second".into() }).await;
    assert_eq!(one.sorted(), (1..=10).collect::<Vec<_>>());
    assert_eq!(one.model().commits.len(), 1);
    first.stop().await;
    second.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_another_took_is_noticed_at_the_next_renewal() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    let one = Arc::new(Notes::new("notes").pausing(TTL * 20));
    fill(&store, 10, 1).await;
    let first = node(&store, "first", &one);
    becomes(&first, |state| *state == State::CatchingUp).await;
    let lease = store.list_leases().await.unwrap().remove(0);
    store.release_lease(&lease).await.unwrap();
    let other = store.acquire_lease(&name("notes"), "other", LONG * 24).await.unwrap();
    assert!(other.token > lease.token);
    becomes(&first, |state| *state == State::Standby { held_by: "other".into() }).await;
    assert!(one.effects().is_empty());
    first.stop().await;
    // What is another's is not released.
    let still = store.acquire_lease(&name("notes"), "third", TTL).await;
    assert!(matches!(still, Err(LeaseError::Held { by, .. }) if by == "other"));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_somebody_else_moved_is_gone_on_from() {
    let store = MemoryStore::new();
    let notes = Arc::new(Notes::new("notes"));
    let running = Runner::new(store.clone()).seed(1).add(Arc::clone(&notes), Options::default()).start().unwrap();
    let last = fill(&store, 10, 1).await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    // Somebody without a lease was at work, and has done 11 to 15.
    notes.model().checkpoint = Some(p(15));
    let last = fill(&store, 10, 1).await;
    running.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(notes.sorted(), (1..=10).chain(16..=20).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_processor_gives_its_lease_to_another_node() {
    let store = MemoryStore::new().with_clock(runtime_clock());
    let one = Arc::new(Notes::new("notes"));
    let two = Arc::new(one.twin());
    let first = node(&store, "first", &one);
    becomes(&first, |state| *state == State::Live).await;
    let second = node(&store, "second", &two);
    becomes(&second, |state| matches!(state, State::Standby { .. })).await;
    first.pause(&name("notes")).await.unwrap();
    becomes(&first, |state| *state == State::Stopped(Stopped::Requested)).await;
    let last = fill(&store, 10, 1).await;
    second.wait_for(&name("notes"), last, LONG).await.unwrap();
    assert_eq!(two.handled.load(SeqCst), 10);
    first.resume(&name("notes")).await.unwrap();
    becomes(&first, |state| *state == State::Standby { held_by: "second".into() }).await;
    first.stop().await;
    second.stop().await;
}
