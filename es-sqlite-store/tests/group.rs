//! Appends that wait at the same time: together on the disk, each with its own outcome, whoever goes away meanwhile.

mod common;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use common::{event, file, folder, fresh, numbers, stream};
use es_core::store::{
    AppendError, CheckpointName, EventFilter, EventStore, InlineAppend, InlineFailure, InlineProjection,
    InlineProjections, ReadLog, ReadStream, RowLoader, RowWrite, Subscription,
};
use es_core::{ExpectedVersion, Payload, Position, RecordedEvent, Version};
use es_sqlite_store::{SqliteError, SqliteStore};

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1_000 {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
    panic!("nobody else works, so polling again is enough");
}

/// Rule 3: those of one group see each other.
#[test]
fn of_a_group_that_expects_the_same_one_wins_and_the_others_go_on() {
    let (_folder, store) = block_on(fresh());
    let (a, b) = (stream("account-a"), stream("account-b"));
    let mut first = pin!(store.append(&a, ExpectedVersion::NoStream, vec![event(1)]));
    let mut second = pin!(store.append(&a, ExpectedVersion::NoStream, vec![event(2)]));
    let mut third = pin!(store.append(&b, ExpectedVersion::NoStream, vec![event(3)]));
    let mut fourth = pin!(store.append(&a, ExpectedVersion::NoStream, vec![event(1)]));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    assert!(poll(third.as_mut()).is_pending() && poll(fourth.as_mut()).is_pending());
    // Whoever is polled works for all: the others find their outcomes.
    let third = block_on(third.as_mut()).unwrap();
    let Poll::Ready(first) = poll(first.as_mut()) else { panic!("done together with the third") };
    let Poll::Ready(second) = poll(second.as_mut()) else { panic!("done together with the third") };
    let Poll::Ready(fourth) = poll(fourth.as_mut()) else { panic!("done together with the third") };
    let first = first.unwrap();
    assert_eq!((first.position, third.position), (Some(Position::new(1)), Some(Position::new(2))));
    assert!(matches!(second, Err(AppendError::Conflict { actual, .. }) if actual == Version::new(1)));
    // Rule 16 holds within a group as well.
    assert_eq!(fourth.unwrap(), first);
    assert_eq!(numbers(&block_on(store.read_log(ReadLog::all())).unwrap().events), [1, 3]);
}

#[test]
fn any_number_of_events_is_written_whole_and_in_order() {
    let (_folder, store) = block_on(fresh());
    let (a, mut last) = (stream("account-a"), 0);
    for count in 1..=70 {
        let events: Vec<_> = (last + 1..=last + count).map(event).collect();
        last += count;
        let appended = block_on(store.append(&a, ExpectedVersion::Any, events.clone())).unwrap();
        assert_eq!((appended.version, appended.position), (Version::new(last), Some(Position::new(last))));
        // Rules 16 and 17 hold for all of them, also when they are not the last.
        let again = block_on(store.append(&a, ExpectedVersion::Any, events)).unwrap();
        assert_eq!(again, appended);
    }
    let log = block_on(store.read_log(ReadLog::all().limit(10_000))).unwrap().events;
    assert_eq!(numbers(&log), (1..=last).collect::<Vec<_>>());
    assert!(log.iter().zip(1..).all(|(event, at)| event.version.get() == at && event.position.get() == at));
}

#[test]
fn a_future_that_is_dropped_or_not_polled_again_holds_nobody_up() {
    let (_folder, store) = block_on(fresh());
    let a = stream("account-a");
    let mut forgotten = Box::pin(store.append(&a, ExpectedVersion::Any, vec![event(1)]));
    let mut dropped = Box::pin(store.append(&a, ExpectedVersion::Any, vec![event(2)]));
    assert!(poll(forgotten.as_mut()).is_pending() && poll(dropped.as_mut()).is_pending());
    drop(dropped);
    let other = block_on(store.append(&a, ExpectedVersion::Any, vec![event(3)])).unwrap();
    assert_eq!(other.version, Version::new(2));
    let Poll::Ready(forgotten) = poll(forgotten.as_mut()) else { panic!("done by the other") };
    assert_eq!(forgotten.unwrap().version, Version::new(1));
    assert_eq!(numbers(&block_on(store.read_log(ReadLog::all())).unwrap().events), [1, 3]);
}

#[test]
fn one_that_does_not_fit_leaves_the_others_alone() {
    let folder = folder();
    let store = block_on(SqliteStore::options().max_pages(60).open(file(&folder))).unwrap();
    let (a, b) = (stream("account-a"), stream("account-b"));
    let mut large = event(1);
    large.payload = Payload::from(vec![b'x'; 400_000]);
    let mut large = pin!(store.append(&a, ExpectedVersion::Any, vec![large]));
    let mut small = pin!(store.append(&b, ExpectedVersion::Any, vec![event(2)]));
    assert!(poll(large.as_mut()).is_pending() && poll(small.as_mut()).is_pending());
    let refused = block_on(large.as_mut());
    let Err(AppendError::Store { cause, .. }) = refused else { panic!("{refused:?}") };
    assert!(matches!(cause.downcast_ref(), Some(SqliteError::Full { .. })), "{cause:?}");
    assert_eq!(block_on(small.as_mut()).unwrap().position, Some(Position::new(1)));
    assert_eq!(numbers(&block_on(store.read_log(ReadLog::all())).unwrap().events), [2]);
}

/// A projection that panics at the event with this number, if there is one, and counts what is committed with it.
struct Watched {
    name: CheckpointName,
    panics_at: Option<u64>,
    committed: AtomicUsize,
}

impl Watched {
    fn new(panics_at: Option<u64>) -> Arc<Self> {
        let name = CheckpointName::new("watched").unwrap();
        Arc::new(Self { name, panics_at, committed: AtomicUsize::new(0) })
    }
}

impl InlineProjection for Watched {
    fn name(&self) -> &CheckpointName {
        &self.name
    }

    fn filter(&self) -> EventFilter {
        EventFilter::default()
    }

    fn project(&self, events: &[RecordedEvent], _: &mut RowLoader<'_>) -> Result<Vec<RowWrite>, InlineFailure> {
        assert!(!numbers(events).iter().any(|number| Some(*number) == self.panics_at), "as planned");
        Ok(Vec::new())
    }

    fn committed(&self) {
        self.committed.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_panic_of_one_is_its_own_callers_and_the_others_are_written() {
    let (_folder, store) = block_on(fresh());
    let (a, b, c) = (stream("account-a"), stream("account-b"), stream("account-c"));
    let watched = Watched::new(Some(2));
    let projections: InlineProjections = Arc::new([Arc::clone(&watched) as Arc<dyn InlineProjection>]);
    let mut before = pin!(store.append(&a, ExpectedVersion::NoStream, vec![event(1)]));
    let mut panicking = pin!(store.append_inline(&b, ExpectedVersion::NoStream, vec![event(2)], &projections));
    let mut after = pin!(store.append(&c, ExpectedVersion::NoStream, vec![event(3)]));
    assert!(poll(before.as_mut()).is_pending() && poll(panicking.as_mut()).is_pending());
    // Somebody else's append leads, and is not what panics.
    assert_eq!(block_on(after.as_mut()).unwrap().position, Some(Position::new(2)));
    let Poll::Ready(before) = poll(before.as_mut()) else { panic!("done together with the other") };
    assert_eq!(before.unwrap().position, Some(Position::new(1)));
    let panic = catch_unwind(AssertUnwindSafe(|| poll(panicking.as_mut()).is_ready())).unwrap_err();
    assert!(panic.downcast_ref::<&str>().is_some_and(|text| text.contains("as planned")));
    assert_eq!(watched.committed.load(Ordering::SeqCst), 0);
    // Nothing of it is there, no transaction is open, and it may be sent again.
    assert_eq!(numbers(&block_on(store.read_log(ReadLog::all())).unwrap().events), [1, 3]);
    let again = block_on(store.append(&b, ExpectedVersion::NoStream, vec![event(2)])).unwrap();
    assert_eq!(again.position, Some(Position::new(3)));
}

/// Also when it is done by somebody else after its owner has gone.
#[test]
fn projections_are_told_of_what_is_committed_whoever_still_waits() {
    let (_folder, store) = block_on(fresh());
    let (a, b) = (stream("account-a"), stream("account-b"));
    let watched = Watched::new(None);
    let projections: InlineProjections = Arc::new([Arc::clone(&watched) as Arc<dyn InlineProjection>]);
    let mut kept = Box::pin(store.append_inline(&a, ExpectedVersion::Any, vec![event(1)], &projections));
    assert!(poll(kept.as_mut()).is_pending());
    block_on(store.append(&b, ExpectedVersion::Any, vec![event(2)])).unwrap();
    drop(kept);
    assert_eq!(watched.committed.load(Ordering::SeqCst), 1);
    // What is refused moves nothing.
    block_on(store.append_inline(&a, ExpectedVersion::NoStream, vec![event(3)], &projections)).unwrap_err();
    assert_eq!(watched.committed.load(Ordering::SeqCst), 1);
}

/// Rules 2, 3, 10 and 11, with tasks that are aborted at random and a reader that follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_with_some_that_give_up_leave_dense_streams() {
    let (_folder, store) = fresh().await;
    let mut tasks = Vec::new();
    for writer in 0..32_u64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let stream = stream(&format!("account-{}", writer % 5));
            for round in 0..30 {
                let number = writer * 1_000 + round * 2 + 1;
                let append = store.append(&stream, ExpectedVersion::Any, vec![event(number), event(number + 1)]);
                if (writer + round) % 3 == 0 {
                    // Given up while it waits; it may have been done all the same.
                    let mut append = Box::pin(append);
                    std::future::poll_fn(|cx| Poll::Ready(append.as_mut().poll(cx).is_ready())).await;
                } else {
                    append.await.unwrap();
                }
            }
        }));
    }
    let mut subscription = Subscription::new(store.clone(), Position::START);
    let follow = tokio::spawn(async move {
        let mut seen = Vec::new();
        loop {
            if let es_core::store::Delivery::Event(event) = subscription.next().await.unwrap() {
                if event.stream.as_str() == "end-0" {
                    return seen;
                }
                seen.push(event);
            }
        }
    });
    for task in tasks {
        task.await.unwrap();
    }
    store.append(&stream("end-0"), ExpectedVersion::Any, vec![event(1_000_000)]).await.unwrap();
    let seen = follow.await.unwrap();
    let mut log = store.read_log(ReadLog::all()).await.unwrap().events;
    log.pop();
    assert_eq!(seen, log);
    let numbers = numbers(&log);
    assert!(numbers.chunks(2).all(|pair| pair[0] + 1 == pair[1]), "the events of an append stand together");
    let given_up: usize = (0..32).map(|writer| (0..30).filter(|round| (writer + round) % 3 == 0).count()).sum();
    assert!(log.len() >= 2 * (32 * 30 - given_up) && log.len() <= 2 * 32 * 30);
    for name in 0..5 {
        let page = store.read_stream(&stream(&format!("account-{name}")), ReadStream::all()).await.unwrap();
        let versions: Vec<_> = page.events.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, (1..=page.version.get()).collect::<Vec<_>>());
    }
}
