//! A crash between any two steps loses nothing, and what is published again has the same source and id.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use es_core::store::CheckpointStore;
use es_core::{EventProcessor, Position};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Message, PublishError, Publisher, Target};
use es_testkit::stores::{ChaosStore, Fault, Operation};

use crate::domain::{amount, amounts, deposits, name, outgoing};

/// Loses the answer to one message, which it has taken, or has not.
struct Crashing {
    target: MemoryTarget,
    call: AtomicUsize,
    at: usize,
    is_taken: bool,
}

#[async_trait::async_trait]
impl Target for Crashing {
    fn name(&self) -> &'static str {
        "crashing"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let is_last = self.call.fetch_add(1, SeqCst) + 1 == self.at;
        if !is_last || self.is_taken {
            self.target.publish(message).await?;
        }
        if is_last { Err(PublishError::unavailable("the program has crashed")) } else { Ok(()) }
    }
}

fn assert_complete(target: &MemoryTarget, count: u64, why: &str) {
    let published = target.published();
    let numbers: BTreeSet<_> = published.iter().map(amount).collect();
    assert_eq!(numbers, (1..=count).collect(), "{why}: something is lost");
    let ids: BTreeSet<_> = published.iter().map(|message| (message.event.source(), message.event.id())).collect();
    assert_eq!(ids.len(), numbers.len(), "{why}: a repeat has another id");
    for key in published.iter().map(|message| &message.key).collect::<BTreeSet<_>>() {
        let mut seen = Vec::new();
        for number in published.iter().filter(|message| message.key == *key).map(amount) {
            if !seen.contains(&number) {
                seen.push(number);
            }
        }
        assert!(seen.is_sorted(), "{why}: {key} arrived as {seen:?}");
    }
}

#[tokio::test]
async fn a_crash_at_any_message_before_or_after_it_is_taken_loses_nothing() {
    for at in 1..=12 {
        for is_taken in [false, true] {
            let (store, target) = (deposits(12, 3).await, MemoryTarget::new());
            let crashing = Crashing { target: target.clone(), call: AtomicUsize::new(0), at, is_taken };
            // A process that dies leaves nothing but the checkpoint and what the target has.
            Publisher::new(store.clone(), name(), outgoing(), crashing).catch_up(&store).await.unwrap_err();
            let restarted = Publisher::new(store.clone(), name(), outgoing(), target.clone());
            assert_eq!(restarted.catch_up(&store).await.unwrap(), Position::new(12));
            assert_complete(&target, 12, &format!("crash at message {at}, taken: {is_taken}"));
        }
    }
}

#[tokio::test]
async fn a_crash_before_or_after_the_checkpoint_is_saved_loses_nothing() {
    for (fault, published) in [(Fault::Before, 24), (Fault::After, 12)] {
        let (store, target) = (deposits(12, 3).await, MemoryTarget::new());
        let chaos = ChaosStore::new(store.clone(), 1).on(Operation::SaveCheckpoint, 1, fault);
        let publisher = Publisher::new(chaos, name(), outgoing(), target.clone());
        publisher.catch_up(&store).await.unwrap_err();
        let restarted = Publisher::new(store.clone(), name(), outgoing(), target.clone());
        assert_eq!(restarted.catch_up(&store).await.unwrap(), Position::new(12));
        assert_eq!(target.published().len(), published, "{fault:?}");
        assert_complete(&target, 12, &format!("{fault:?}"));
    }
}

#[tokio::test]
async fn a_dropped_batch_repeats_no_more_than_what_was_on_its_way() {
    struct Stuck(MemoryTarget, AtomicUsize);
    #[async_trait::async_trait]
    impl Target for Stuck {
        fn name(&self) -> &'static str {
            "stuck"
        }
        async fn publish(&self, message: &Message) -> Result<(), PublishError> {
            self.0.publish(message).await?;
            if self.1.fetch_add(1, SeqCst) == 4 {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    }
    let (store, target) = (deposits(8, 1).await, MemoryTarget::new());
    let publisher = Publisher::new(store.clone(), name(), outgoing(), Stuck(target.clone(), AtomicUsize::new(0)));
    let all = async {
        tokio::select! {
            biased;
            done = publisher.catch_up(&store) => panic!("{done:?}"),
            () = tokio::task::yield_now() => {}
        }
    };
    all.await;
    assert_eq!(amounts(&target), [1, 2, 3, 4, 5]);
    publisher.catch_up(&store).await.unwrap();
    assert_eq!(amounts(&target), [1, 2, 3, 4, 5, 5, 6, 7, 8]);
}

#[tokio::test]
async fn it_goes_on_where_it_stopped_and_events_of_others_move_the_checkpoint() {
    let (store, target) = (deposits(3, 1).await, MemoryTarget::new());
    let publisher = || Publisher::new(store.clone(), name(), outgoing(), target.clone());
    publisher().catch_up(&store).await.unwrap();
    crate::domain::append(&store, "loan-1", crate::domain::new_event(4, "loan-granted", 1, "{}")).await;
    assert_eq!(publisher().catch_up(&store).await.unwrap(), Position::new(4));
    assert_eq!(amounts(&target), [1, 2, 3]);
    assert_eq!(store.load_checkpoint(&name()).await.unwrap(), Some(Position::new(4)));
    assert_eq!(publisher().checkpoint().await.unwrap(), Some(Position::new(4)));

    let empty = MemoryStore::new();
    let publisher = Publisher::new(empty.clone(), name(), outgoing(), MemoryTarget::new());
    assert_eq!(publisher.catch_up(&empty).await.unwrap(), Position::START);
    assert_eq!(empty.load_checkpoint(&name()).await.unwrap(), None);
}
