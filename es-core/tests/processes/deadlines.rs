//! Deadlines: set with the reaction, reached once, cancelled, dropped.

use std::sync::Arc;
use std::time::Duration;

use es_core::Timestamp;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use tokio::sync::Notify;

use crate::bank::PATIENCE;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// Ada has nothing, so the process waits until its patience is lost.
async fn waiting() -> World {
    let world = World::default();
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.ended("rent").await, Vec::<String>::new());
    world
}

fn due() -> Timestamp {
    "2026-01-01T00:01:00Z".parse().unwrap()
}

#[tokio::test]
async fn a_deadline_is_reached_when_it_is_due_and_not_before() {
    let world = waiting().await;
    assert_eq!(world.driver.next_due().await.unwrap(), Some(due()));
    world.clock.advance(PATIENCE.saturating_sub(SECOND));
    assert_eq!(world.driver.fire_due().await.unwrap(), 0);
    world.clock.advance(SECOND);
    assert_eq!(world.driver.fire_due().await.unwrap(), 1);
    assert_eq!(world.driver.next_due().await.unwrap(), None);
    assert_eq!(world.driver.fire_due().await.unwrap(), 0);
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.ended("rent").await, ["no patience with ada"]);
}

#[tokio::test]
async fn a_deadline_survives_its_node_and_is_reached_at_once_if_it_is_past_due() {
    let world = waiting().await;
    world.clock.advance(PATIENCE * 100);
    let restarted = World::around(world.store.clone(), world.clock.clone());
    assert_eq!(restarted.driver.fire_due().await.unwrap(), 1);
    restarted.driver.catch_up().await.unwrap();
    assert_eq!(world.ended("rent").await, ["no patience with ada"]);
}

#[tokio::test]
async fn two_nodes_reach_a_deadline_once() {
    for seed in 0..50 {
        let world = waiting().await;
        world.clock.advance(PATIENCE);
        let node = |seed| {
            let store = ChaosStore::new(world.store.clone(), seed).yields(5);
            World::around(store, world.clock.clone()).driver
        };
        let (left, right) = (node(seed), node(seed + 1000));
        let (left, right) = tokio::join!(left.fire_due(), right.fire_due());
        // Rule 16 of stores may tell both that they have appended it.
        assert!((1..=2).contains(&(left.unwrap() + right.unwrap())), "seed {seed}");
        world.driver.catch_up().await.unwrap();
        assert_eq!(world.ended("rent").await, ["no patience with ada"], "seed {seed}");
        let reactions = world.log().await.into_iter().filter(|event| event.name == "process-reacted");
        assert_eq!(reactions.count(), 4, "started, refused, overdue, ended; seed {seed}");
    }
}

#[tokio::test]
async fn a_cancelled_deadline_is_not_reached() {
    let world = World::default();
    world.deposit("ada", 100).await;
    world.request("rent", "ada", "bob").await;
    world.driver.catch_up().await.unwrap();
    world.clock.advance(PATIENCE);
    assert_eq!(world.driver.next_due().await.unwrap(), None);
    assert_eq!(world.driver.fire_due().await.unwrap(), 0);
    assert_eq!(world.ended("rent").await, ["completed"]);
}

#[tokio::test]
async fn a_deadline_that_another_node_drops_at_the_last_moment_is_not_reached() {
    // Before this node reads the process, and after it has, but before it appends.
    for last_moment in [Operation::ReadStream, Operation::Append] {
        let world = waiting().await;
        world.clock.advance(PATIENCE);
        let (near, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = ChaosStore::new(world.store.clone(), 1).delay({
            let (near, go_on) = (Arc::clone(&near), Arc::clone(&go_on));
            move |operation, call| {
                let (near, go_on) = (Arc::clone(&near), Arc::clone(&go_on));
                async move {
                    if (operation, call) == (last_moment, 1) {
                        near.notify_one();
                        go_on.notified().await;
                    }
                }
            }
        });
        let slow = World::around(slow, world.clock.clone()).driver;
        let meanwhile = async {
            near.notified().await;
            world.end("rent", "by hand").await;
            world.driver.catch_up().await.unwrap();
            go_on.notify_one();
        };
        let (fired, ()) = tokio::join!(slow.fire_due(), meanwhile);
        assert_eq!(fired.unwrap(), 0, "{last_moment}");
        world.driver.catch_up().await.unwrap();
        assert_eq!(world.ended("rent").await, ["by hand"], "{last_moment}");
    }
}

#[tokio::test]
async fn a_process_that_has_ended_has_no_deadlines() {
    let world = waiting().await;
    world.end("rent", "by hand").await;
    world.driver.catch_up().await.unwrap();
    let process = world.driver.load(&"rent".to_owned()).await.unwrap();
    assert!(process.is_ended);
    assert_eq!(process.deadlines, []);
    assert_eq!(world.driver.next_due().await.unwrap(), None);
}

#[tokio::test]
async fn a_deadline_is_set_with_the_reaction_or_not_at_all() {
    let world = World::default();
    world.request("rent", "ada", "bob").await;
    let store = ChaosStore::new(world.store.clone(), 1).on(Operation::Append, 1, Fault::Before);
    let failing = World::around(store, world.clock.clone());
    assert!(failing.driver.catch_up().await.is_err());
    assert_eq!(world.driver.next_due().await.unwrap(), None);
    failing.driver.catch_up().await.unwrap();
    assert_eq!(world.driver.next_due().await.unwrap(), Some(due()));
}

#[tokio::test]
async fn a_deadline_that_fails_stays_due_and_does_not_keep_the_others() {
    let world = waiting().await;
    world.request("gift", "ada", "carl").await;
    world.driver.catch_up().await.unwrap();
    world.clock.advance(PATIENCE);
    let store = ChaosStore::new(world.store.clone(), 1).on(Operation::Append, 1, Fault::Before);
    let failing = World::around(store, world.clock.clone());
    assert!(failing.driver.fire_due().await.is_err());
    failing.driver.catch_up().await.unwrap();
    let ended = [world.ended("rent").await.len(), world.ended("gift").await.len()];
    assert_eq!(ended.iter().sum::<usize>(), 1, "{ended:?}");
    assert_eq!(failing.driver.fire_due().await.unwrap(), 1);
    failing.driver.catch_up().await.unwrap();
    assert_eq!((world.ended("rent").await.len(), world.ended("gift").await.len()), (1, 1));
}

#[tokio::test]
async fn what_follows_from_a_deadline_belongs_to_the_conversation_that_set_it() {
    let world = waiting().await;
    world.clock.advance(PATIENCE);
    world.driver.fire_due().await.unwrap();
    world.driver.catch_up().await.unwrap();
    let log = world.log().await;
    let set_by = log.iter().find(|event| event.name == "process-reacted").unwrap();
    let ended = log.iter().find(|event| event.name == "transfer-ended").unwrap();
    assert_eq!(ended.metadata.correlation_id(), Some(&"rent".into()));
    assert_eq!(ended.metadata.causation_id(), Some(&set_by.id.into()));
    assert_eq!(ended.metadata.actor(), Some("ada"));
}
