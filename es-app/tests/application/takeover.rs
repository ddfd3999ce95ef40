//! A node is killed, and what it was about to do is done by the next: deadlines by the other node, a promotion by the
//! next start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use es_app::{Application, RunningApplication};
use es_core::store::{CheckpointName, CheckpointStore, EventFilter, EventStore, LeaseStore, ReadLog, Subscribe};
use es_core::{Clock, Position, RecordedEvent, Repository};
use es_memory_store::MemoryStore;
use es_publish::{MemoryTarget, Outgoing, Publisher};
use es_runner::{ControlError, State};
use es_testkit::stores::{ChaosStore, Operation};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::domain::{Account, Bonus, DAY, Deposit, OpenAccount, SOON};
use crate::running::runtime_clock;

fn name(text: &str) -> CheckpointName {
    CheckpointName::new(text).unwrap()
}

const OWNERS: [&str; 3] = ["ada", "bob", "eve"];

async fn node<S>(store: S, owner: &str, clock: impl Clock + 'static) -> RunningApplication
where
    S: Subscribe + CheckpointStore + LeaseStore + Clone + 'static,
{
    let app = Application::new(store).leases().on_several_nodes().owner(owner).clock(clock);
    app.aggregate::<Account>().process::<Bonus>().start().await.unwrap()
}

async fn until(app: &RunningApplication, is_so: impl Fn(&State) -> bool) {
    let mut status = app.runner().watch(&name("bonus")).unwrap();
    tokio::time::timeout(SOON, status.wait_for(|status| is_so(&status.state))).await.expect("in time").unwrap();
}

async fn log(store: &MemoryStore) -> Vec<RecordedEvent> {
    store.read_log(ReadLog::all()).await.unwrap().events
}

/// Waits until so many events of that name are in the log.
async fn logged(store: &MemoryStore, name: &str, count: usize) {
    let waiting = async {
        loop {
            let log = log(store).await;
            if log.iter().filter(|event| event.name == name).count() >= count {
                return;
            }
            store.appended_after(log.last().map_or(Position::START, |event| event.position)).await.unwrap();
        }
    };
    tokio::time::timeout(3 * DAY, waiting).await.expect("in time");
}

/// How often something is there, by stream.
fn counts(log: &[RecordedEvent], is_it: impl Fn(&RecordedEvent) -> bool) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for event in log.iter().filter(|event| is_it(event)) {
        *counts.entry(event.stream.id().to_owned()).or_default() += 1;
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn the_deadlines_of_a_killed_node_are_reached_by_the_other_each_once() {
    let mut killed = 0;
    loop {
        let clock = runtime_clock();
        let store = MemoryStore::new().with_clock(clock.clone());
        let (appends, hangs) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        // The first node stands still before one of its appends, which are those of the processes alone.
        let chaos = ChaosStore::new(store.clone(), 1).delay({
            let hangs = Arc::clone(&hangs);
            move |operation, _| {
                let is_it = operation == Operation::Append && appends.fetch_add(1, SeqCst) == killed;
                let hangs = Arc::clone(&hangs);
                async move {
                    if is_it {
                        hangs.notify_one();
                        std::future::pending::<()>().await;
                    }
                }
            }
        });
        let first = node(chaos, "first", clock.clone()).await;
        until(&first, |state| matches!(state, State::Live | State::CatchingUp)).await;
        let second = node(store.clone(), "second", clock.clone()).await;
        until(&second, |state| matches!(state, State::Standby { held_by } if held_by == "first")).await;
        let accounts = Repository::<Account, _>::new(store.clone()).with_clock(clock.clone());
        for owner in OWNERS {
            accounts.execute(owner, OpenAccount { owner: owner.into() }).await.unwrap();
        }
        let is_killed = tokio::select! {
            () = hangs.notified() => true,
            () = logged(&store, "process-dispatched", OWNERS.len()) => false,
        };
        drop(first);
        logged(&store, "process-dispatched", OWNERS.len()).await;
        second.stop().await;

        let log = log(&store).await;
        let once: BTreeMap<_, _> = OWNERS.map(|owner| (owner.to_owned(), 1)).into();
        let is_reached = |event: &RecordedEvent| {
            event.name == "process-reacted"
                && std::str::from_utf8(&event.payload).unwrap().starts_with("{\"to\":{\"deadline\"")
        };
        assert_eq!(counts(&log, is_reached), once, "killed before append {killed}");
        assert_eq!(counts(&log, |event| event.name == "money-deposited"), once, "killed before append {killed}");
        let reached = log.iter().filter(|event| is_reached(event));
        let opened = log.iter().find(|event| event.name == "account-opened").unwrap().recorded_at;
        for event in reached {
            let after = event.recorded_at.as_micros() - opened.as_micros();
            assert!(after >= i64::try_from(DAY.as_micros()).unwrap(), "reached before it was due");
        }
        if !is_killed {
            break;
        }
        killed += 1;
    }
    // Three reactions, three deadlines, three deposits, three outcomes.
    assert!(killed >= 12, "only {killed} appends");
}

#[tokio::test(start_paused = true)]
async fn a_promotion_that_is_interrupted_loses_and_doubles_nothing_and_the_next_one_completes_it() {
    let mut times = 0;
    loop {
        let (store, first, second) = (MemoryStore::new(), MemoryTarget::new(), MemoryTarget::new());
        let start = async || {
            let publisher = |of: &str, target: &MemoryTarget| {
                let outgoing = Outgoing::stored("/bank", EventFilter::all(), "application/json").unwrap();
                Publisher::new(store.clone(), name(of), outgoing, target.clone())
            };
            let app = Application::new(store.clone()).aggregate::<Account>().publisher(publisher("events", &first));
            app.successor(publisher("events-2", &second), &name("events")).start().await.unwrap()
        };
        let deposit = async |app: &RunningApplication| {
            let done = app.execute::<Account>("ada", Deposit { amount: 1 }).await.unwrap();
            app.runner().wait_for(&name("events-2"), done.position, SOON).await.unwrap();
            done.position
        };
        let app = start().await;
        deposit(&app).await;
        let last = deposit(&app).await;
        app.runner().wait_for(&name("events"), last, SOON).await.unwrap();
        // The new one follows at a distance, so it takes some time.
        let (new, old) = (name("events-2"), name("events"));
        let done = app.execute::<Account>("ada", Deposit { amount: 1 }).await.unwrap();
        app.runner().wait_for(&old, done.position, SOON).await.unwrap();
        let promoted = timeout(Duration::from_millis(10) * times, app.runner().promote(&new, &old, SOON)).await.ok();
        if promoted.is_some() {
            deposit(&app).await;
        }
        // The node dies.
        drop(app);

        let app = start().await;
        for _ in 0..2 {
            deposit(&app).await;
        }
        match app.runner().promote(&name("events-2"), &name("events"), SOON).await {
            Ok(_) => assert!(promoted.is_none(), "it was done before"),
            // What has taken over has done so for good.
            Err(ControlError::NotActive { processor }) => {
                assert!(promoted.is_some() && processor == name("events"), "interrupted after {times}0 ms");
            }
            Err(error) => panic!("{error}"),
        }
        deposit(&app).await;
        app.stop().await;

        let all = log(&store).await.len();
        let mut published: Vec<_> = [&first, &second].iter().flat_map(|target| target.published()).collect();
        assert_eq!(published.len(), all, "interrupted after {times}0 ms");
        published.dedup_by(|one, other| one == other);
        assert_eq!(published.len(), all, "interrupted after {times}0 ms");
        assert!(!second.published().is_empty());
        if promoted.is_some() {
            break;
        }
        times += 1;
    }
    assert!(times > 2, "the promotion takes {times}0 ms");
}
