//! Whatever breaks at whatever step: nothing is lost, and nothing is done twice.
//!
//! Steps of a batch, in their order: 1 the log is read, 2 what stands behind a parked event is parked, 3 `handle`,
//! 4 `commit` before it takes effect, 5 `commit` after it, 6 the event at fault is parked; and beside them 7 the lease is
//! renewed, and 8 what is parked is claimed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{CheckpointName, EventFilter, FailureStore, ParkCapacity};
use es_core::{EventProcessor, Position, ProcessorError, RecordedEvent};
use es_memory_store::MemoryStore;
use es_runner::{Backoff, Happened, OnFailure, Options, Runner, Running};
use es_testkit::stores::{ChaosStore, Fault, Operation};
use tokio::sync::Semaphore;

use crate::bench::{LONG, Notes, Wrong, fill, name, put, runtime_clock};

/// Where a node dies, or where a processor is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Handle,
    BeforeCommit,
    AfterCommit,
}

/// A processor around another that stops for ever at one step of one batch, or goes wrong as a seed says.
struct Halting {
    notes: Arc<Notes>,
    at: Option<(Step, u64)>,
    seen: AtomicU64,
    reached: Arc<Semaphore>,
    /// Delays and lost replies, by the call.
    seed: Option<u64>,
    calls: AtomicU64,
}

impl Halting {
    fn new(notes: &Arc<Notes>) -> Self {
        let (reached, seen, calls) = (Arc::new(Semaphore::new(0)), AtomicU64::new(0), AtomicU64::new(0));
        Self { notes: Arc::clone(notes), at: None, seen, reached, seed: None, calls }
    }

    async fn step(&self, step: Step) {
        if let Some((at, batch)) = self.at
            && at == step
            && self.seen.fetch_add(1, SeqCst) + 1 == batch
        {
            self.reached.add_permits(1);
            std::future::pending::<()>().await;
        }
        let Some(seed) = self.seed else { return };
        // Now and then longer than a lease.
        let drawn = draw(seed, self.calls.fetch_add(1, SeqCst));
        let wait = match drawn % 20 {
            0 => Duration::from_secs(drawn % 40),
            1..=8 => Duration::from_millis(drawn % 900),
            _ => return,
        };
        tokio::time::sleep(wait).await;
    }

    fn reply_is_lost(&self) -> bool {
        self.seed.is_some_and(|seed| draw(seed, self.calls.fetch_add(1, SeqCst)).is_multiple_of(12))
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
fn draw(seed: u64, call: u64) -> u64 {
    let mut z = (seed ^ (call << 20)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 8
}

#[async_trait]
impl EventProcessor for Halting {
    type Work = Vec<RecordedEvent>;

    fn name(&self) -> &CheckpointName {
        self.notes.name()
    }

    fn filter(&self) -> EventFilter {
        self.notes.filter()
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProcessorError> {
        self.notes.keys(event)
    }

    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        self.notes.checkpoint().await
    }

    async fn handle(&self, events: &[RecordedEvent]) -> Result<Vec<RecordedEvent>, ProcessorError> {
        self.step(Step::Handle).await;
        self.notes.handle(events).await
    }

    async fn commit(
        &self,
        work: Vec<Vec<RecordedEvent>>,
        expected: Option<Position>,
        through: Position,
    ) -> Result<(), ProcessorError> {
        self.step(Step::BeforeCommit).await;
        let committed = self.notes.commit(work, expected, through).await;
        self.step(Step::AfterCommit).await;
        if committed.is_ok() && self.reply_is_lost() {
            return Err(ProcessorError::Store { processor: self.name().clone(), cause: "the reply was lost".into() });
        }
        committed
    }
}

const TTL: Duration = Duration::from_secs(10);

fn options() -> Options {
    let backoff = Backoff { first: Duration::from_millis(50), most: Duration::from_secs(2) };
    let parking = OnFailure::Park(ParkCapacity::default());
    Options::default().batch(10).lanes(2).retries(1).backoff(backoff).on_failure(parking)
}

/// The events that are parked once 42 is at fault, of 100 in ten streams.
fn parked() -> (Vec<u64>, Vec<u64>) {
    (1..=100).partition(|position| *position >= 42 && position % 10 == 2)
}

async fn assert_exactly_once(store: &MemoryStore, notes: &Notes, what: &str) {
    let (behind, others) = parked();
    assert_eq!(notes.sorted(), others, "{what}");
    notes.assert_order();
    let listed = store.parked_events(notes.name(), None, Position::START, 100).await.unwrap();
    assert_eq!(listed.iter().map(|event| event.position.get()).collect::<Vec<_>>(), behind, "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_at_any_step_of_any_batch_loses_and_doubles_nothing() {
    let mut died = 0;
    for step in [Step::Handle, Step::BeforeCommit, Step::AfterCommit] {
        for batch in 1..=12 {
            let store = MemoryStore::new().with_clock(runtime_clock());
            fill(&store, 100, 10).await;
            let notes = Arc::new(Notes::new("notes"));
            notes.breaks(42, Wrong::Event);
            let start = |processor: Halting, owner: &str| -> Running {
                let runner = Runner::new(store.clone()).leases(store.clone()).failures(store.clone()).seed(batch);
                runner.owner(owner).lease_time(TTL).add(Arc::new(processor), options()).start().unwrap()
            };
            let dying = Halting { at: Some((step, batch)), ..Halting::new(&notes) };
            let reached = Arc::clone(&dying.reached);
            let first = start(dying, "first");
            let is_dead = tokio::time::timeout(Duration::from_secs(60), reached.acquire()).await.is_ok();
            drop(first);
            died += u64::from(is_dead);
            let second = start(Halting::new(&Arc::new(notes.twin())), "second");
            second.wait_for(&name("notes"), Position::new(100), LONG).await.unwrap();
            assert_exactly_once(&store, &notes, &format!("{step:?} {batch}")).await;
            second.stop().await;
        }
    }
    assert!(died >= 30, "only {died} of 36 died");
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_store_that_fails_at_any_step_loses_and_doubles_nothing() {
    let operations = [
        Operation::ReadLog,
        Operation::AppendedAfter,
        Operation::AcquireLease,
        Operation::RenewLease,
        Operation::ReleaseLease,
        Operation::ClaimParking,
        Operation::ParkedEvents,
        Operation::ParkEvent,
    ];
    let mut injected = BTreeMap::new();
    for operation in operations {
        for fault in [Fault::Before, Fault::After, Fault::Twice] {
            for call in 1..=6 {
                let store = MemoryStore::new().with_clock(runtime_clock());
                let chaos = ChaosStore::new(store.clone(), 1).on(operation, call, fault);
                let notes = Arc::new(Notes::new("notes").pausing(Duration::from_secs(1)));
                notes.breaks(42, Wrong::Event);
                let runner = Runner::new(chaos.clone()).leases(chaos.clone()).failures(chaos.clone()).seed(call);
                let runner = runner.owner("node").lease_time(TTL).page(20);
                let running = runner.add(Arc::clone(&notes), options()).start().unwrap();
                for _ in 0..10 {
                    let last = fill(&store, 10, 10).await;
                    running.wait_for(&name("notes"), last, LONG).await.unwrap();
                }
                running.stop().await;
                assert_exactly_once(&store, &notes, &format!("{operation} {call} {fault}")).await;
                *injected.entry(operation).or_insert(0) += chaos.injected().len();
            }
        }
    }
    println!("faults by operation: {injected:?}");
    assert!(injected.values().all(|faults| *faults > 0), "{injected:?}");
}

/// What the simulation saw of one node: under which token it committed.
type Commits = Arc<Mutex<Vec<(String, Option<u64>)>>>;

#[tokio::test(start_paused = true)]
async fn nodes_that_fight_over_leases_under_faults_do_everything_exactly_once() {
    let seeds: u64 = std::env::var("ES_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(60);
    let (mut faults, mut takeovers, mut superseded, mut lost) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let store = MemoryStore::new().with_clock(runtime_clock());
        let notes = Arc::new(Notes::new("notes"));
        notes.breaks(42, Wrong::Event);
        let commits = Commits::default();
        let (mut cluster, mut chaoses, mut listeners) = (Vec::new(), Vec::new(), Vec::new());
        for node in 0..3_u64 {
            let chaos = ChaosStore::new(store.clone(), seed * 3 + node)
                .chance(Operation::ReadLog, Fault::Before, 0.05)
                .chance(Operation::AppendedAfter, Fault::Before, 0.1)
                .chance(Operation::AcquireLease, Fault::Before, 0.1)
                .chance(Operation::AcquireLease, Fault::After, 0.1)
                .chance(Operation::RenewLease, Fault::Before, 0.3)
                .chance(Operation::RenewLease, Fault::After, 0.2)
                .chance(Operation::ReleaseLease, Fault::Before, 0.5)
                .chance(Operation::ParkEvent, Fault::Before, 0.2)
                .chance(Operation::ParkEvent, Fault::After, 0.2)
                .chance(Operation::ClaimParking, Fault::After, 0.1)
                .delay(move |operation, call| async move {
                    let drawn = draw(seed * 7 + node, call * 31 + operation as u64);
                    tokio::time::sleep(match drawn % 30 {
                        0 => Duration::from_secs(drawn % 25),
                        1..=10 => Duration::from_millis(drawn % 300),
                        _ => return,
                    })
                    .await;
                });
            let halting = Halting { seed: Some(seed * 11 + node), ..Halting::new(&Arc::new(notes.twin())) };
            let runner = Runner::new(chaos.clone()).leases(chaos.clone()).failures(chaos.clone());
            let owner = format!("node {node}");
            let runner = runner.owner(owner.clone()).lease_time(TTL).seed(seed + node).page(20);
            let running = runner.add(Arc::new(halting), options()).start().unwrap();
            let (mut progress, commits) = (running.progress(), Arc::clone(&commits));
            listeners.push(tokio::spawn(async move {
                let (mut token, mut seen) = (None, (0, 0, 0));
                while let Ok(one) = progress.recv().await {
                    match one.what {
                        Happened::Activated { token: given } => (token, seen.0) = (given, seen.0 + 1),
                        Happened::Committed { .. } => commits.lock().unwrap().push((owner.clone(), token)),
                        Happened::Superseded => seen.1 += 1,
                        Happened::LeaseLost => seen.2 += 1,
                        _ => {}
                    }
                }
                seen
            }));
            cluster.push(running);
            chaoses.push(chaos);
        }
        for number in 0..100 {
            let _ = put(&store, number % 10, "fine").await;
            tokio::time::sleep(Duration::from_millis(draw(seed, number) % 900)).await;
        }
        // The last of them dies, and the others are stopped when all is done.
        drop(cluster.pop());
        cluster[0].wait_for(&name("notes"), Position::new(100), LONG).await.unwrap();
        for node in cluster {
            node.stop().await;
        }
        assert_exactly_once(&store, &notes, &format!("seed {seed}")).await;
        for listener in listeners {
            let seen = listener.await.unwrap();
            (takeovers, superseded, lost) = (takeovers + seen.0, superseded + seen.1, lost + seen.2);
        }
        // No token was given to two, and each commit follows the one before it.
        let mut owners: BTreeMap<u64, String> = BTreeMap::new();
        for (owner, token) in commits.lock().unwrap().iter() {
            let token = token.expect("there are leases");
            let other = owners.entry(token).or_insert_with(|| owner.clone());
            assert_eq!(other, owner, "seed {seed}: token {token} was given twice");
        }
        let mut at = None;
        for (expected, through) in &notes.model().commits {
            assert_eq!(*expected, at, "seed {seed}");
            at = Some(*through);
        }
        faults += chaoses.iter().map(|chaos| chaos.injected().len()).sum::<usize>();
    }
    println!("{seeds} seeds: {faults} faults, {takeovers} activations, {superseded} superseded, {lost} leases lost");
    assert!(faults > 0 && takeovers > seeds && lost > 0 && superseded > 0, "{faults} {takeovers} {superseded} {lost}");
}
