//! Order per stream, streams that do not wait for each other, and events that cannot be published.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_core::store::{CheckpointStore, EventStore, ReadLog};
use es_core::{EventProcessor, Position, ProcessorError};
use es_publish::{MemoryTarget, Message, PublishError, Publisher, Target};

use crate::domain::{amount, amounts, append, deposits, name, new_event, outgoing};

/// Takes messages in the order in which tasks happen to run, and notices two of one key at once.
#[derive(Default)]
struct Busy {
    under_way: Mutex<HashMap<String, u32>>,
    most: AtomicUsize,
    overtaken: AtomicBool,
    taken: MemoryTarget,
}

#[async_trait]
impl Target for Busy {
    fn name(&self) -> &'static str {
        "busy"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        let busy = self;
        {
            let mut under_way = busy.under_way.lock().unwrap();
            let of_key = under_way.entry(message.key.clone()).or_default();
            *of_key += 1;
            busy.overtaken.fetch_or(*of_key > 1, SeqCst);
            let all: u32 = under_way.values().sum();
            busy.most.fetch_max(all as usize, SeqCst);
        }
        for _ in 0..(amount(message) * 7) % 5 {
            tokio::task::yield_now().await;
        }
        busy.taken.publish(message).await?;
        *busy.under_way.lock().unwrap().get_mut(&message.key).unwrap() -= 1;
        Ok(())
    }
}

#[tokio::test]
async fn each_stream_is_published_in_order_and_no_more_than_so_many_at_once() {
    let (store, busy) = (deposits(200, 20).await, Arc::new(Busy::default()));
    let publisher = Publisher::new(store.clone(), name(), outgoing(), Arc::clone(&busy)).with_concurrency(4);
    publisher.catch_up(&store).await.unwrap();

    let mut last = HashMap::new();
    let messages = busy.taken.published();
    assert_eq!(messages.len(), 200);
    for message in &messages {
        let before = last.insert(message.key.clone(), amount(message)).unwrap_or(0);
        assert!(before < amount(message), "{}: {before} before {}", message.key, amount(message));
    }
    assert!(!busy.overtaken.load(SeqCst), "two events of one stream were on their way at once");
    assert_eq!(busy.most.load(SeqCst), 4);
}

fn refuse(number: u64) -> impl Fn(&Message) -> Result<(), PublishError> {
    move |message| if amount(message) == number { Err(PublishError::refused("too odd")) } else { Ok(()) }
}

#[tokio::test]
async fn a_refused_event_holds_back_its_stream_and_no_other() {
    let store = deposits(9, 3).await;
    let target = MemoryTarget::new().with_check(refuse(4));
    let publisher = Publisher::new(store.clone(), name(), outgoing(), target.clone());
    let error = publisher.catch_up(&store).await.unwrap_err();
    let ProcessorError::Event { at, cause, .. } = error else { panic!("{error:?}") };
    assert_eq!((at.position, at.stream.as_str()), (Position::new(4), "account-1"));
    assert_eq!(cause.to_string(), "too odd");
    let mut taken = amounts(&target);
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3, 5, 6, 8, 9]);
    assert_eq!(store.load_checkpoint(&name()).await.unwrap(), None);

    let status = publisher.status();
    assert_eq!((status.published, status.failed), (7, 1));
    let failure = status.last_failure.unwrap();
    assert_eq!(
        (failure.at.position, failure.reason.as_str()),
        (at.position, "the target refuses the message: too odd")
    );
    assert_eq!(status.checkpoint, None);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_an_error_with_its_place() {
    let store = deposits(2, 2).await;
    append(&store, "account-0", new_event(3, "money-deposited", 9, "{}")).await;
    let publisher = Publisher::new(store.clone(), name(), outgoing(), MemoryTarget::new());
    let error = publisher.catch_up(&store).await.unwrap_err();
    let ProcessorError::Event { at, cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(at.to_string(), "event 2 of stream `account-0`, `money-deposited` at position 3,");
    assert!(cause.to_string().contains("version 9, but this code knows versions up to 2"), "{cause}");
}

#[tokio::test]
async fn of_several_streams_that_are_held_back_the_earliest_event_is_told() {
    let store = deposits(9, 3).await;
    let check = |message: &Message| match amount(message) {
        2 => Err(PublishError::unavailable("busy")),
        4 | 6 => Err(PublishError::refused("odd")),
        _ => Ok(()),
    };
    let target = MemoryTarget::new().with_check(check);
    let publisher = Publisher::new(store.clone(), name(), outgoing(), target.clone());
    assert!(matches!(publisher.catch_up(&store).await.unwrap_err(), ProcessorError::Store { .. }));
    let mut taken = amounts(&target);
    taken.sort_unstable();
    assert_eq!(taken, [1, 3]);
}

#[tokio::test]
async fn a_target_that_is_down_is_not_asked_for_every_stream() {
    let (store, asked) = (deposits(100, 100).await, Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&asked);
    let target = MemoryTarget::new().with_check(move |_| {
        counter.fetch_add(1, SeqCst);
        Err(PublishError::unavailable("down"))
    });
    let publisher = Publisher::new(store.clone(), name(), outgoing(), target).with_concurrency(5);
    assert!(matches!(publisher.catch_up(&store).await.unwrap_err(), ProcessorError::Store { .. }));
    assert_eq!(asked.load(SeqCst), 9, "5 streams at once, and 4 more before the fifth failure is known");
}

#[tokio::test]
async fn a_batch_that_is_tried_again_repeats_nothing_that_was_taken() {
    let (store, target) = (deposits(9, 3).await, MemoryTarget::new());
    let is_up = Arc::new(AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let flaky = target.clone().with_check(move |message| if up.load(SeqCst) { Ok(()) } else { refuse(4)(message) });
    let publisher = Publisher::new(store.clone(), name(), outgoing(), flaky);
    publisher.catch_up(&store).await.unwrap_err();
    is_up.store(true, SeqCst);
    assert_eq!(publisher.catch_up(&store).await.unwrap(), Position::new(9));
    let mut taken = amounts(&target);
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(publisher.status().last_failure, None);
    assert_eq!(publisher.status().lag(Position::new(12)), 3);
}

#[tokio::test]
async fn another_instance_is_noticed_and_what_is_given_again_is_published_again() {
    let (store, target) = (deposits(3, 1).await, MemoryTarget::new());
    let publisher = Publisher::new(store.clone(), name(), outgoing(), target.clone());
    let events = store.read_log(ReadLog::all()).await.unwrap().events;
    publisher.handle(&events).await.unwrap();
    store.save_checkpoint(&name(), None, Position::new(2)).await.unwrap();
    let error = publisher.commit(vec![()], None, Position::new(3)).await.unwrap_err();
    assert!(
        matches!(error, ProcessorError::Superseded { expected: None, actual: Some(at), .. } if at == Position::new(2))
    );
    // An operator resets the checkpoint: everything leaves once more.
    store.reset_checkpoint(&name(), Some(Position::new(2)), Position::START).await.unwrap();
    publisher.catch_up(&store).await.unwrap();
    assert_eq!(amounts(&target), [1, 2, 3, 1, 2, 3]);
}
