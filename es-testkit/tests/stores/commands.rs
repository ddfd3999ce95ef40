//! Commands while replies are lost: exactly once where the caller sends the same ids again, and not otherwise.

use std::sync::Arc;

use es_core::store::{AppendError, EventStore};
use es_core::{EventId, ExecuteError, IdSource, MessageId, Metadata, Repository, RetryBudget, Timestamp};
use es_memory_store::MemoryStore;
use es_testkit::stores::{ChaosStore, Fault, Operation};
use uuid::Uuid;

use crate::{Counter, Increase, stored};

/// The ids of one command: the same however often it is executed, so what is sent again is known.
fn ids_of(command: u128) -> impl IdSource + 'static {
    move |_: Timestamp| Uuid::from_u128(command)
}

fn named(command: u128) -> Metadata {
    let id = MessageId::from(Uuid::from_u128(command));
    Metadata::new().with_correlation_id(id.clone()).with_causation_id(id)
}

/// Executes as a client does that got no answer: the same command with the same ids, until there is one.
///
/// A command that appended before and whose answer was lost finds its event stored: it has been done.
async fn until_answered(store: &ChaosStore<MemoryStore>, command: u128) -> u32 {
    for attempt in 1..=100 {
        let counters = Repository::<Counter, _>::new(store.clone()).with_ids(ids_of(command));
        match counters.execute_with("visits", Increase { by: 1 }, named(command)).await {
            Ok(_) => return attempt,
            Err(ExecuteError::Append(AppendError::Store { .. }) | ExecuteError::Read { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no answer in 100 attempts")
}

#[tokio::test]
async fn a_command_that_is_sent_again_with_its_ids_happens_once() {
    for seed in 0..20 {
        let store = ChaosStore::new(MemoryStore::new(), seed)
            .chance(Operation::Append, Fault::After, 0.3)
            .chance(Operation::Append, Fault::Before, 0.2)
            .chance(Operation::Append, Fault::Late, 0.2)
            .chance(Operation::Append, Fault::Twice, 0.2)
            .chance(Operation::ReadStream, Fault::Before, 0.2);
        let mut attempts = 0;
        for command in 1..=30 {
            attempts += until_answered(&store, command).await;
        }
        store.settle().await;
        assert_eq!(stored(store.inner()).await, (1..=30).collect::<Vec<_>>(), "seed {seed}");
        assert!(attempts > 30, "seed {seed} disturbed nothing");
        let total = Repository::<Counter, _>::new(store.inner()).load("visits").await.unwrap().state().total;
        assert_eq!(total, 30);
    }
}

#[tokio::test]
async fn a_command_that_is_sent_again_with_new_ids_happens_twice() {
    let store = ChaosStore::new(MemoryStore::new(), 1).on(Operation::Append, 1, Fault::After);
    let counters = Repository::<Counter, _>::new(store.clone());
    let lost = counters.execute("visits", Increase { by: 1 }).await;
    assert!(matches!(lost, Err(ExecuteError::Append(AppendError::Store { .. }))));
    counters.execute("visits", Increase { by: 1 }).await.unwrap();
    assert_eq!(stored(&store).await.len(), 2);
}

#[tokio::test]
async fn a_failure_of_the_store_is_not_a_conflict_and_is_not_tried_again() {
    let store = ChaosStore::new(MemoryStore::new(), 1).chance(Operation::Append, Fault::Before, 1.0);
    let counters = Repository::<Counter, _>::new(store.clone()).with_retry(RetryBudget::attempts(5));
    let failed = counters.execute("visits", Increase { by: 1 }).await;
    assert!(matches!(failed, Err(ExecuteError::Append(AppendError::Store { .. }))), "{failed:?}");
    assert_eq!(store.injected().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_many_tasks_happen_once_each_while_calls_fail() {
    let store = ChaosStore::new(MemoryStore::new(), 3).yields(4).chance(Operation::Append, Fault::After, 0.2).chance(
        Operation::Append,
        Fault::Before,
        0.2,
    );
    let store = Arc::new(store);
    let tasks: Vec<_> = (1..=40_u128)
        .map(|command| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                loop {
                    let counters = Repository::<Counter, _>::new(Arc::clone(&store))
                        .with_ids(ids_of(command))
                        .with_retry(RetryBudget::attempts(u32::MAX));
                    match counters.execute_with("visits", Increase { by: 1 }, named(command)).await {
                        Ok(done) => return done.last_event_id,
                        Err(ExecuteError::Append(AppendError::Store { .. })) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for (task, command) in tasks.into_iter().zip(1..) {
        assert_eq!(task.await.unwrap(), Some(EventId::new(Uuid::from_u128(command))));
    }
    let mut events = stored(store.inner()).await;
    events.sort_unstable();
    assert_eq!(events, (1..=40).collect::<Vec<_>>());
    assert!(!store.injected().is_empty());
    assert_eq!(store.limits(), store.inner().limits());
}
