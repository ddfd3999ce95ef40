//! `Subscribe`: when a waiting reader is woken.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use es_core::store::{EventStore, Subscribe};
use es_core::{ExpectedVersion, Position};
use es_memory_store::MemoryStore;
use tokio::time::timeout;

use crate::{p, put, stream};

const SOON: Duration = Duration::from_secs(20);

/// Counts how often it was woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Whether a future is done at the first look.
fn is_ready(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[tokio::test]
async fn waiting_at_the_head_or_beyond_it_does_not_return() {
    let store = MemoryStore::new();
    assert!(!is_ready(store.appended_after(Position::START)));
    put(&store, "count-a", [1, 2]).await;
    assert!(!is_ready(store.appended_after(p(2))));
    assert!(!is_ready(store.appended_after(p(3))));
}

#[tokio::test]
async fn an_append_wakes_everyone_who_waits_for_it() {
    let store = MemoryStore::new();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let mut waiting: Vec<_> = (0..10).map(|_| store.appended_after(Position::START)).collect();
    let mut later = store.appended_after(p(1));
    assert!(waiting.iter_mut().all(|waiter| waiter.as_mut().poll(&mut cx).is_pending()));
    assert!(later.as_mut().poll(&mut cx).is_pending());

    put(&store, "count-a", [1]).await;
    assert_eq!(woken.0.swap(0, Relaxed), 11);
    assert!(waiting.iter_mut().all(|waiter| matches!(waiter.as_mut().poll(&mut cx), Poll::Ready(Ok(())))));
    assert!(later.as_mut().poll(&mut cx).is_pending());

    put(&store, "count-a", [2]).await;
    assert_eq!(woken.0.swap(0, Relaxed), 1);
    assert!(matches!(later.as_mut().poll(&mut cx), Poll::Ready(Ok(()))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_up_between_looking_and_waiting_is_not_lost() {
    let store = MemoryStore::new();
    for round in 0..2000 {
        let waiter = tokio::spawn({
            let store = store.clone();
            async move { store.appended_after(p(round)).await }
        });
        put(&store, "count-a", [round]).await;
        timeout(SOON, waiter).await.expect("the waiter was not woken").unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_append_that_writes_nothing_wakes_nobody() {
    let store = MemoryStore::new();
    let mut waiting = pin!(store.appended_after(Position::START));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    store.append(&stream("count-a"), ExpectedVersion::Any, vec![]).await.unwrap();
    store.append(&stream("count-a"), ExpectedVersion::StreamExists, vec![]).await.unwrap_err();
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
}
