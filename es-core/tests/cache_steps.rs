//! A remembered state moves on in place: a panic half way leaves nothing behind, and nobody sees another's step.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};

use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, Repository, events};
use es_memory_store::MemoryStore;
use serde::{Deserialize, Serialize};

/// It grew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "counter-increased")]
pub struct Increased {
    by: u64,
}

/// Grow.
#[derive(Debug, Clone, Command)]
pub struct Increase {
    by: u64,
}

/// Adds twice, so that half of it can be seen.
#[derive(Debug, Default, Clone, PartialEq, Aggregate)]
#[aggregate(name = "counter", id = String, error = Infallible, events(Increased), commands(Increase))]
pub struct Counter {
    once: u64,
    again: u64,
}

/// What must not be applied, and is unless it is 0.
static UNLUCKY: AtomicU64 = AtomicU64::new(0);

impl Apply<Increased> for Counter {
    fn apply(&mut self, event: Increased) {
        self.once += event.by;
        assert_ne!(UNLUCKY.load(Ordering::SeqCst), event.by, "half applied");
        self.again += event.by;
    }
}

impl Handle<Increase> for Counter {
    fn handle(&self, command: Increase) -> Decision<Self> {
        Ok(events![Increased { by: command.by }])
    }
}

#[tokio::test]
async fn a_panic_while_an_event_is_applied_forgets_the_aggregate() {
    let counters = Repository::<Counter, _>::new(MemoryStore::new()).with_cache(10);
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    UNLUCKY.store(13, Ordering::SeqCst);
    let unlucky = counters.clone();
    let panicked = tokio::spawn(async move { unlucky.execute("a", Increase { by: 13 }).await }).await;
    assert!(panicked.unwrap_err().is_panic());
    UNLUCKY.store(0, Ordering::SeqCst);
    assert_eq!(counters.load("a").await.unwrap().state(), &Counter { once: 14, again: 14 });
    assert_eq!(counters.execute("a", Increase { by: 2 }).await.unwrap().version.get(), 3);
    assert_eq!(counters.load("a").await.unwrap().state(), &Counter { once: 16, again: 16 });
}

#[tokio::test]
async fn what_was_loaded_before_a_step_does_not_move() {
    let counters = Repository::<Counter, _>::new(MemoryStore::new()).with_cache(10);
    counters.execute("a", Increase { by: 1 }).await.unwrap();
    let before = counters.load("a").await.unwrap();
    counters.execute("a", Increase { by: 2 }).await.unwrap();
    assert_eq!((before.state().once, before.version().get()), (1, 1));
    assert_eq!(counters.load("a").await.unwrap().state().once, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_step_at_once_lose_nothing() {
    let counters = Repository::<Counter, _>::new(MemoryStore::new()).with_cache(10);
    counters.execute("a", Increase { by: 100 }).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let counters = counters.clone();
            tokio::spawn(async move {
                for _ in 0..200 {
                    while counters.execute("a", Increase { by: 1 }).await.is_err() {}
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let hot = counters.load("a").await.unwrap();
    let cold = Repository::<Counter, _>::new(counters.store().clone()).load("a").await.unwrap();
    assert_eq!((hot.state(), hot.version().get()), (&Counter { once: 1700, again: 1700 }, 1601));
    assert_eq!((hot.state(), hot.version(), hot.position()), (cold.state(), cold.version(), cold.position()));
}
