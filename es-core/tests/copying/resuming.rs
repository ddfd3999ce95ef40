//! A copy that was interrupted anywhere, and is run again, is the copy that was not.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use es_core::copy::{CopyCheckpoint, CopyError, CopyOptions, CopyReport, copy_transform};
use es_core::store::{AppendError, EventStore};
use es_core::{ExpectedVersion, RecordedEvent, Version};
use es_memory_store::MemoryStore;

use crate::faulty::{Fault, GivingWay, Interrupted};
use crate::{changed, event, log, orders, p, stream};

/// The copy that nothing interrupts.
async fn whole(source: &MemoryStore, options: CopyOptions<'_>) -> (Vec<RecordedEvent>, CopyReport, u64) {
    let target = Interrupted::new(MemoryStore::new(), u64::MAX, Fault::Before);
    let report = copy_transform(source, &target, changed, options).await.unwrap();
    (log(&target.store).await, report, target.appends.into_inner())
}

/// A run that must fail at its append of that number; gives the last checkpoint that it told.
async fn interrupted(
    source: &MemoryStore,
    target: &Interrupted,
    start: CopyCheckpoint,
    batch: usize,
) -> CopyCheckpoint {
    let mut checkpoint = start;
    let options = CopyOptions::new().resume(start).batch(batch).on_progress(|told| checkpoint = told.checkpoint);
    let error = copy_transform(source, target, changed, options).await.unwrap_err();
    assert!(matches!(error, CopyError::Append(AppendError::Store { .. })), "{error:?}");
    checkpoint
}

/// Every fault there is; what is late comes before one of the first operations of the next run.
fn faults() -> impl Iterator<Item = Fault> {
    [Fault::Before, Fault::After].into_iter().chain((1..=12).map(Fault::Late))
}

#[tokio::test]
async fn an_interruption_at_any_append_loses_and_doubles_nothing() {
    let source = orders(4).await;
    let mut interruptions = 0;
    for batch in [1, 2, 5, 100] {
        let (wanted, report, appends) = whole(&source, CopyOptions::new().batch(batch)).await;
        for at in 0..appends {
            for fault in faults() {
                for again in [1, 3, batch] {
                    for from_start in [true, false] {
                        let target = Interrupted::new(MemoryStore::new(), at, fault);
                        let last = interrupted(&source, &target, CopyCheckpoint::default(), batch).await;
                        let start = if from_start { CopyCheckpoint::default() } else { last };
                        let options = CopyOptions::new().resume(start).batch(again);
                        let resumed = copy_transform(&source, &target, changed, options).await.unwrap();
                        assert_eq!(log(&target.store).await, wanted, "{at} {fault:?} {batch} {again} {from_start}");
                        assert_eq!(resumed.checkpoint, report.checkpoint);
                        if from_start {
                            assert_eq!(resumed.checksum, report.checksum);
                            assert_eq!(resumed.present + resumed.written, report.written);
                        }
                        interruptions += 1;
                    }
                }
            }
        }
    }
    assert!(interruptions > 4_000, "only {interruptions}");
}

#[tokio::test]
async fn a_second_interruption_is_like_the_first() {
    let source = orders(3).await;
    let (wanted, _, appends) = whole(&source, CopyOptions::new().batch(4)).await;
    for first in 0..appends {
        for second in 0..appends - first {
            for (one, other) in
                [(Fault::Before, Fault::After), (Fault::After, Fault::Before), (Fault::Late(9), Fault::After)]
            {
                let target = Interrupted::new(MemoryStore::new(), first, one);
                interrupted(&source, &target, CopyCheckpoint::default(), 4).await;
                let again = Interrupted::new(target.store.clone(), second, other);
                let run = copy_transform(&source, &again, changed, CopyOptions::new().batch(3)).await;
                assert!(matches!(run, Ok(_) | Err(CopyError::Append(AppendError::Store { .. }))), "{run:?}");
                copy_transform(&source, &target, changed, CopyOptions::new()).await.unwrap();
                assert_eq!(log(&target.store).await, wanted);
            }
        }
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_between_any_two_steps_can_be_run_again() {
    let source = orders(3).await;
    let (wanted, ..) = whole(&source, CopyOptions::new()).await;
    for steps in 0.. {
        let target = GivingWay(MemoryStore::new());
        let giving_way = GivingWay(source.clone());
        let is_done = {
            let mut run = pin!(copy_transform(&giving_way, &target, changed, CopyOptions::new().batch(4)));
            let mut context = Context::from_waker(Waker::noop());
            (0..=steps).any(|_| matches!(run.as_mut().poll(&mut context), Poll::Ready(Ok(_))))
        };
        let report = copy_transform(&source, &target.0, changed, CopyOptions::new().batch(4)).await.unwrap();
        assert_eq!(log(&target.0).await, wanted, "dropped after {steps} steps");
        if is_done {
            assert!(steps > 40 && report.written == 0, "{steps} {report:?}");
            break;
        }
    }
}

#[tokio::test]
async fn every_checkpoint_that_is_told_is_one_to_start_from() {
    let (source, target) = (orders(5).await, MemoryStore::new());
    let mut told = vec![];
    let options = CopyOptions::new().batch(4).on_progress(|progress| told.push(*progress));
    let report = copy_transform(&source, &target, changed, options).await.unwrap();
    assert_eq!(told.len(), 7);
    assert!(told.iter().all(|progress| progress.head == p(25)));
    let last = told.last().unwrap();
    assert_eq!((last.checkpoint, last.read, last.written), (report.checkpoint, report.read, report.written));
    assert_eq!((report.checkpoint.source, report.checkpoint.target), (p(25), p(log(&target).await.len() as u64)));
    for progress in &told {
        let options = CopyOptions::new().resume(progress.checkpoint);
        let again = copy_transform(&source, &target, changed, options).await.unwrap();
        assert_eq!((again.written, again.present), (0, report.written - progress.written));
        assert_eq!((again.read, again.checkpoint), (report.read - progress.read, report.checkpoint));
    }
}

/// Another order, and events of those that are there.
async fn grow(source: &MemoryStore) {
    for (number, name) in [(901, "order-0"), (902, "order-9"), (903, "order-1"), (904, "order-9")] {
        let events = vec![event(number, "order-noted"), event(number + 50, "order-sent")];
        source.append(&stream(name), ExpectedVersion::Any, events).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_source_gets_later_is_copied_later_from_the_checkpoint_or_from_the_start() {
    let source = orders(3).await;
    let target = MemoryStore::new();
    let first = copy_transform(&source, &target, changed, CopyOptions::new()).await.unwrap();
    grow(&source).await;
    let (wanted, all, _) = whole(&source, CopyOptions::new()).await;
    let later = copy_transform(&source, &target, changed, CopyOptions::new().resume(first.checkpoint)).await.unwrap();
    assert_eq!((later.present, later.written, later.checksum.events), (0, all.written - first.written, later.written));
    assert_eq!(log(&target).await, wanted);
    let checked = copy_transform(&source, &target, changed, CopyOptions::new()).await.unwrap();
    assert_eq!((checked.written, checked.checksum), (0, all.checksum));
}

#[tokio::test]
async fn an_interruption_of_a_later_run_loses_and_doubles_nothing_either() {
    let source = orders(3).await;
    // The target has a past of its own, in streams of the copy and in another.
    let past = MemoryStore::new();
    for (number, name) in [(801, "order-0"), (802, "note-all"), (803, "other-x")] {
        past.append(&stream(name), ExpectedVersion::Any, vec![event(number, "past")]).await.unwrap();
    }
    let start = CopyCheckpoint { source: p(4), target: p(3) };
    let fresh = async || {
        let target = MemoryStore::new();
        for event in log(&past).await {
            let again = crate::event(event.position.get() + 800, "past");
            target.append(&event.stream, ExpectedVersion::Any, vec![again]).await.unwrap();
        }
        target
    };
    let target = Interrupted::new(fresh().await, u64::MAX, Fault::Before);
    let options = || CopyOptions::new().resume(start).batch(3);
    let report = copy_transform(&source, &target, changed, options()).await.unwrap();
    let (wanted, appends) = (log(&target.store).await, target.appends.into_inner());
    assert_eq!(wanted.len() as u64, 3 + report.written);
    let notes: Vec<_> = wanted.iter().filter(|event| event.stream.as_str() == "note-all").collect();
    assert_eq!(notes.last().unwrap().version, Version::new(notes.len() as u64));
    for at in 0..appends {
        for fault in faults() {
            for from_start in [true, false] {
                let target = Interrupted::new(fresh().await, at, fault);
                let last = interrupted(&source, &target, start, 3).await;
                let again = CopyOptions::new().resume(if from_start { start } else { last }).batch(2);
                copy_transform(&source, &target, changed, again).await.unwrap();
                assert_eq!(log(&target.store).await, wanted, "{at} {fault:?} {from_start}");
            }
        }
    }
}
