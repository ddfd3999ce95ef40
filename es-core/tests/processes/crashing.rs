//! Interrupted at every step, a process comes to the same end as one that was left alone.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use es_core::store::{CheckpointStore, EventStore};
use es_core::{EventProcessor, ProcessError, ProcessorError};
use es_testkit::ManualClock;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use tokio::sync::Notify;

use crate::bank::Block;
use crate::world::World;

/// What happens before the processes begin.
#[derive(Debug, Clone, Copy)]
enum Story {
    Completed,
    Returned,
    Overdue,
}

const STORIES: [Story; 3] = [Story::Completed, Story::Returned, Story::Overdue];

/// A log with the beginning of the story, at a time when every deadline is due as soon as it is set.
async fn begun(story: Story) -> World {
    let world = World::default();
    if !matches!(story, Story::Overdue) {
        world.deposit("ada", 100).await;
    }
    if let Story::Returned = story {
        world.accounts.execute("bob", Block {}).await.unwrap();
    }
    world.request("rent", "ada", "bob").await;
    world.clock.advance(Duration::from_secs(3600));
    world
}

/// One life of a node: it begins anew, and does what there is to be done.
async fn live<S>(store: S, clock: ManualClock) -> Result<(), Box<dyn std::error::Error>>
where
    S: EventStore + CheckpointStore + Clone + 'static,
{
    let driver = World::around(store, clock).driver;
    driver.catch_up().await?;
    while driver.fire_due().await? > 0 {
        driver.catch_up().await?;
    }
    // A deadline that was reached by the life before has yet to have its effects.
    driver.catch_up().await?;
    Ok(())
}

/// Everything that has happened, stream by stream; ids are made anew in each world, and so is what follows from them.
async fn outcome(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut streams: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in world.log().await {
        let is_own = event.stream.category() == "transfer";
        let payload = if is_own { String::new() } else { String::from_utf8_lossy(&event.payload).into_owned() };
        streams.entry(event.stream.to_string()).or_default().push(format!("{} {payload}", event.name));
    }
    streams
}

async fn undisturbed(story: Story) -> BTreeMap<String, Vec<String>> {
    let world = begun(story).await;
    live(world.store.clone(), world.clock.clone()).await.unwrap();
    outcome(&world).await
}

#[tokio::test]
async fn the_stories_differ_and_end() {
    let how = async |story| {
        let world = begun(story).await;
        live(world.store.clone(), world.clock.clone()).await.unwrap();
        assert!(world.driver.load(&"rent".to_owned()).await.unwrap().is_ended, "{story:?}");
        world.ended("rent").await
    };
    assert_eq!(how(Story::Completed).await, ["completed"]);
    assert_eq!(how(Story::Returned).await, ["returned"]);
    assert_eq!(how(Story::Overdue).await, ["no patience with ada"]);
}

#[tokio::test]
async fn a_process_that_is_killed_before_any_call_of_the_store_comes_to_the_same_end() {
    for story in STORIES {
        let expected = undisturbed(story).await;
        let mut step = 1;
        loop {
            let world = begun(story).await;
            let (count, killed) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
            let store = ChaosStore::new(world.store.clone(), 1).delay({
                let killed = Arc::clone(&killed);
                move |_, _| {
                    let is_last = count.fetch_add(1, SeqCst) + 1 == step;
                    let killed = Arc::clone(&killed);
                    async move {
                        if is_last {
                            killed.notify_one();
                            pending::<()>().await;
                        }
                    }
                }
            });
            let is_killed = tokio::select! {
                lived = live(store, world.clock.clone()) => { lived.unwrap(); false }
                () = killed.notified() => true,
            };
            live(world.store.clone(), world.clock.clone()).await.unwrap();
            assert_eq!(outcome(&world).await, expected, "{story:?}, killed before call {step}");
            if !is_killed {
                break;
            }
            step += 1;
        }
        assert!(step > 20, "only {step} steps in {story:?}");
    }
}

#[tokio::test]
async fn a_process_whose_calls_fail_before_or_after_they_are_done_comes_to_the_same_end() {
    let operations = [
        Operation::Append,
        Operation::ReadStream,
        Operation::ReadLog,
        Operation::LoadCheckpoint,
        Operation::SaveCheckpoint,
    ];
    for story in STORIES {
        let expected = undisturbed(story).await;
        for operation in operations {
            for fault in [Fault::Before, Fault::After, Fault::Late, Fault::Twice] {
                let mut call = 1;
                loop {
                    let world = begun(story).await;
                    let store = ChaosStore::new(world.store.clone(), 1).on(operation, call, fault);
                    let mut lives = 1;
                    while live(store.clone(), world.clock.clone()).await.is_err() {
                        lives += 1;
                        assert!(lives < 4, "{story:?}, {operation} {call} fails {fault}: it does not recover");
                    }
                    assert_eq!(outcome(&world).await, expected, "{story:?}, {operation} {call} fails {fault}");
                    if store.injected().is_empty() {
                        break;
                    }
                    call += 1;
                }
                assert!(call > 2, "{operation} is called {call} times in {story:?}");
            }
        }
    }
}

#[tokio::test]
async fn two_instances_at_once_do_nothing_twice() {
    for story in STORIES {
        let expected = undisturbed(story).await;
        for seed in 0..50 {
            let world = begun(story).await;
            let node = |seed| {
                let store = ChaosStore::new(world.store.clone(), seed).yields(5);
                let clock = world.clock.clone();
                // Where the other has moved the checkpoint, this one begins anew.
                async move { while live(store.clone(), clock.clone()).await.is_err() {} }
            };
            tokio::join!(node(seed), node(seed + 1000));
            assert_eq!(outcome(&world).await, expected, "{story:?}, seed {seed}");
        }
    }
}

#[tokio::test]
async fn two_instances_that_find_different_outcomes_do_not_hide_it() {
    let world = begun(Story::Overdue).await;
    world.driver.handle(&world.log().await).await.unwrap();
    let reaction = [world.log().await.pop().unwrap()];
    // The first finds that Ada has nothing, and is slow to record it.
    let (refused, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = ChaosStore::new(world.store.clone(), 1).delay({
        let (refused, go_on) = (Arc::clone(&refused), Arc::clone(&go_on));
        move |operation, call| {
            let (refused, go_on) = (Arc::clone(&refused), Arc::clone(&go_on));
            async move {
                // The first append only asks whether the command has been executed before.
                if (operation, call) == (Operation::Append, 2) {
                    refused.notify_one();
                    go_on.notified().await;
                }
            }
        }
    });
    let slow = World::around(slow, world.clock.clone()).driver;
    let meanwhile = async {
        refused.notified().await;
        world.deposit("ada", 100).await;
        world.driver.handle(&reaction).await.unwrap();
        go_on.notify_one();
    };
    let (first, ()) = tokio::join!(slow.handle(&reaction), meanwhile);
    let ProcessorError::Event { cause, .. } = first.unwrap_err() else { panic!("the event is to blame") };
    let differ = cause.downcast::<ProcessError>().unwrap();
    assert!(matches!(*differ, ProcessError::OutcomesDiffer { .. }), "{differ:?}");
    // What is on record stands, and it is given again without an error.
    slow.handle(&reaction).await.unwrap();
    world.driver.catch_up().await.unwrap();
    assert_eq!(world.ended("rent").await, ["completed"]);
}
