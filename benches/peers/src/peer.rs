//! The workloads, for everybody who can do these few things.

use std::future::Future;

use crate::domain::{Fact, MoneyDepositedV1, Order};
use crate::measure::{Sample, Watch, repetitions};
use crate::script::{self, BATCH, COMMANDS};
use crate::workload::Workload;

/// A framework with a store of its own, as its users use it.
pub trait Peer: Clone + Send + Sync + 'static {
    fn new() -> Self;

    /// With a snapshot every 200 events, if there are snapshots.
    fn with_snapshots() -> Option<Self> {
        None
    }

    /// Whether [`execute_cached`](Self::execute_cached) is a thing.
    const KEEPS_STATE: bool = false;

    /// Reads what there is, decides, and appends with the version that was read.
    fn execute(&self, id: &str, order: Order) -> impl Future<Output = ()> + Send;

    /// Decides on the state at hand.
    fn execute_cached(&self, id: &str, order: Order) -> impl Future<Output = ()> + Send {
        self.execute(id, order)
    }

    fn balance(&self, id: &str) -> impl Future<Output = u64> + Send;

    /// As [`balance`](Self::balance), of a stream of old deposits.
    fn balance_of_old(&self, id: &str) -> impl Future<Output = u64> + Send {
        self.balance(id)
    }

    /// Appends to a stream of so many events.
    fn append(&self, id: &str, seen: usize, facts: Vec<Fact>) -> impl Future<Output = ()> + Send;

    /// Stores deposits as they were two versions ago; `false` if it has no such thing as an old version.
    fn append_old(&self, _id: &str, _deposits: Vec<MoneyDepositedV1>) -> impl Future<Output = bool> + Send {
        async { false }
    }

    /// The balances of all accounts, added up; `None` if it does not read across streams.
    fn project(&self) -> impl Future<Output = Option<u64>> + Send {
        async { None }
    }
}

pub fn run<P: Peer>(workload: Workload, size: usize) -> Option<Sample> {
    let runtime = if workload == Workload::EightTasks {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    } else {
        tokio::runtime::Builder::new_current_thread().enable_all().build()
    };
    runtime.expect("a runtime").block_on(measured::<P>(workload, size))
}

async fn fill<P: Peer>(peer: &P, events: usize) {
    for seen in (0..events).step_by(1_000) {
        peer.append("ada", seen, (seen..events.min(seen + 1_000)).map(|n| script::event(n).into()).collect()).await;
    }
}

async fn append_all<P: Peer>(peer: &P, events: usize) {
    let streams = script::streams(events);
    let ids: Vec<_> = (0..streams).map(script::id).collect();
    for batch in 0..events / BATCH {
        let (id, seen) = (&ids[batch % streams], batch / streams * BATCH);
        peer.append(id, seen, (seen..seen + BATCH).map(|n| script::event(n).into()).collect()).await;
    }
}

async fn short_stream<P: Peer>(peer: &P, stream: usize) {
    let id = script::id(stream);
    peer.execute(&id, Order::Open(script::open(stream))).await;
    peer.execute(&id, Order::Deposit(script::deposit(1))).await;
    peer.execute(&id, Order::Deposit(script::deposit(2))).await;
    peer.execute(&id, Order::Withdraw(script::withdraw(3))).await;
    peer.execute(&id, Order::Deposit(script::deposit(4))).await;
}

/// What can run the commands of one short stream.
pub trait ShortStreams: Clone + Send + Sync + 'static {
    fn short_stream(&self, stream: usize) -> impl Future<Output = ()> + Send;
}

impl<P: Peer> ShortStreams for P {
    async fn short_stream(&self, stream: usize) {
        short_stream(self, stream).await;
    }
}

/// Eight tasks share the streams; each gives the others a turn after each of its streams.
pub async fn eight_tasks(on: &impl ShortStreams, streams: usize) {
    let of = |task| {
        let on = on.clone();
        tokio::spawn(async move {
            for stream in (task..streams).step_by(8) {
                on.short_stream(stream).await;
                tokio::task::yield_now().await;
            }
        })
    };
    for task in (0..8).map(of).collect::<Vec<_>>() {
        task.await.expect("no task panics");
    }
}

async fn total<P: Peer>(peer: &P, streams: usize) -> u64 {
    let mut total = 0;
    for stream in 0..streams {
        total += peer.balance(&script::id(stream)).await;
    }
    total
}

async fn measured<P: Peer>(workload: Workload, size: usize) -> Option<Sample> {
    let peer = P::new();
    Some(match workload {
        Workload::Replay => {
            fill(&peer, size).await;
            let (mut balance, repetitions) = (peer.balance("ada").await, repetitions(size));
            let watch = Watch::start();
            for _ in 0..repetitions {
                balance = peer.balance("ada").await;
            }
            watch.stop(size * repetitions, balance)
        }
        Workload::OldVersions => {
            for seen in (0..size).step_by(1_000) {
                let old = (seen..size.min(seen + 1_000)).map(script::deposited_long_ago).collect();
                if !peer.append_old("ada", old).await {
                    return None;
                }
            }
            let (mut balance, repetitions) = (peer.balance_of_old("ada").await, repetitions(size));
            let watch = Watch::start();
            for _ in 0..repetitions {
                balance = peer.balance_of_old("ada").await;
            }
            watch.stop(size * repetitions, balance)
        }
        Workload::Commands => {
            let peers: Vec<_> = (0..repetitions(size * COMMANDS)).map(|_| P::new()).collect();
            let watch = Watch::start();
            for peer in &peers {
                for stream in 0..size {
                    short_stream(peer, stream).await;
                }
            }
            let sample = watch.stop(size * COMMANDS * peers.len(), 0);
            Sample { check: total(&peers[0], size).await, ..sample }
        }
        Workload::EightTasks => {
            let peers: Vec<_> = (0..repetitions(size * COMMANDS)).map(|_| P::new()).collect();
            let watch = Watch::start();
            for peer in &peers {
                eight_tasks(peer, size).await;
            }
            let sample = watch.stop(size * COMMANDS * peers.len(), 0);
            Sample { check: total(&peers[0], size).await, ..sample }
        }
        Workload::Long | Workload::LongSnapshots | Workload::LongCached => {
            let is_cached = workload == Workload::LongCached;
            let peer = if workload == Workload::LongSnapshots { P::with_snapshots()? } else { peer };
            if is_cached && !P::KEEPS_STATE {
                return None;
            }
            fill(&peer, size).await;
            let execute = async |order| {
                if is_cached { peer.execute_cached("ada", order).await } else { peer.execute("ada", order).await }
            };
            execute(Order::Deposit(script::deposit(0))).await;
            let watch = Watch::start();
            for n in 0..script::long_commands(workload) {
                let order =
                    if n % 2 == 0 { Order::Deposit(script::deposit(n)) } else { Order::Withdraw(script::withdraw(n)) };
                execute(order).await;
            }
            let sample = watch.stop(script::long_commands(workload), 0);
            Sample { check: peer.balance("ada").await, ..sample }
        }
        Workload::Append | Workload::Memory => {
            let watch = Watch::start();
            append_all(&peer, size).await;
            watch.stop(size, size as u64)
        }
        Workload::Project => {
            append_all(&peer, size).await;
            let watch = Watch::start();
            let total = peer.project().await?;
            watch.stop(size, total)
        }
    })
}
