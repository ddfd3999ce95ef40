//! The life of one processor on one node: it waits for its lease, is active as long as it has it, and is told to stop.
//!
//! What it does while it is active stands in `run`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use es_core::store::{CheckpointName, Lease, LeaseError};
use es_core::{EventProcessor, Position, ProcessorError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::attempt::Outcome;
use crate::board::Board;
use crate::command::Command;
use crate::first::{First, first};
use crate::options::Options;
use crate::pages::Reader;
use crate::shared::{Shared, Stop, Whereabouts};
use crate::status::{Happened, State, Stopped};
use crate::trouble::chain;

pub(crate) type Clear = dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), ProcessorError>> + Send>> + Send + Sync;

/// The older version that a processor follows.
pub(crate) struct Follows {
    pub(crate) old: Arc<dyn Whereabouts>,
    /// Tells the processor up to where it is to be silent.
    pub(crate) silence: Box<dyn Fn(Position) + Send + Sync>,
}

pub(crate) struct Driver<P: EventProcessor> {
    pub(crate) processor: Arc<P>,
    pub(crate) options: Options,
    pub(crate) shared: Arc<Shared>,
    pub(crate) reader: Reader,
    pub(crate) board: Board,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) stop: Stop,
    pub(crate) tasks: JoinSet<Outcome<P::Work>>,
    pub(crate) clear: Option<Box<Clear>>,
    pub(crate) follows: Option<Follows>,
    /// The newer version that follows this one.
    pub(crate) followed_by: Option<(CheckpointName, Arc<dyn Whereabouts>)>,
    /// Whether it has taken over from the older version that it follows.
    pub(crate) is_promoted: bool,
}

/// Why a processor is not active any longer.
pub(crate) enum Exit {
    /// The runner stops.
    Ended,
    Stopped(Stopped),
}

impl<P: EventProcessor + 'static> Driver<P> {
    pub(crate) async fn run(mut self) {
        while !self.stop.is_asked() {
            let Ok((lease, asked)) = self.acquire().await else { continue };
            let token = lease.as_ref().map(|lease| lease.token);
            self.board.update(|status| status.token = token);
            self.board.tell(Happened::Activated { token });
            let keeper = keep(Arc::clone(&self.shared), lease.clone(), asked);
            let (stop, drain) = (self.stop.clone(), self.shared.drain);
            let drained = async move {
                stop.asked().await;
                tokio::time::sleep(drain).await;
            };
            let exit = first(first(keeper, drained), self.active()).await;
            // What was dropped half-way has tasks that still run; nothing happens after this.
            self.tasks.shutdown().await;
            self.shared.pages.leave(self.reader);
            self.board.update(|status| status.token = None);
            match exit {
                First::One(First::One(())) => self.board.tell(Happened::LeaseLost),
                First::One(First::Other(())) | First::Other(Exit::Ended) => self.release(lease).await,
                // Whoever has been replaced keeps its lease, or another node would go on where it has stopped.
                First::Other(Exit::Stopped(why @ Stopped::Replaced { .. })) => {
                    self.board.stop(why);
                    let keeper = keep(Arc::clone(&self.shared), lease.clone(), Instant::now());
                    match first(keeper, self.stopped()).await {
                        // It has been replaced all the same, and would be beside who has replaced it.
                        First::One(()) => self.stopped().await,
                        First::Other(()) => self.release(lease).await,
                    }
                }
                First::Other(Exit::Stopped(why)) => {
                    self.release(lease).await;
                    self.board.stop(why);
                    self.stopped().await;
                }
            }
        }
    }

    /// Waits until this node is the active one. An error says that something else has to be done first.
    async fn acquire(&mut self) -> Result<(Option<Lease>, Instant), ()> {
        let Some(leases) = self.shared.leases.clone() else { return Ok((None, Instant::now())) };
        let mut failures = 0;
        self.board.set(State::Starting);
        loop {
            let asked = Instant::now();
            let acquire = leases.acquire_lease(&self.board.name, &self.shared.owner, self.shared.ttl);
            let First::One(acquired) = first(acquire, self.stop.asked()).await else { return Err(()) };
            let wait = match acquired {
                Ok(lease) => return Ok((Some(lease), asked)),
                Err(LeaseError::Held { by, .. }) => {
                    failures = 0;
                    let checkpoint = match first(self.processor.checkpoint(), self.stop.asked()).await {
                        First::One(checkpoint) => checkpoint.ok(),
                        First::Other(()) => return Err(()),
                    };
                    let head = self.shared.pages.head();
                    self.board.update(|status| {
                        status.state = State::Standby { held_by: by };
                        status.checkpoint = checkpoint.unwrap_or(status.checkpoint);
                        status.head = head.max(status.head);
                        status.oldest_waiting = None;
                    });
                    self.shared.ttl / 4
                }
                Err(error) => {
                    failures += 1;
                    self.troubled(failures, chain(&error))
                }
            };
            let told = first(self.commands.recv(), self.stop.sleep(wait)).await;
            match told {
                First::One(Some(command)) => {
                    if let Some(why) = command.while_idle(&self.board.name) {
                        self.board.stop(why);
                        self.stopped().await;
                        return Err(());
                    }
                }
                First::One(None) => self.stop.asked().await,
                First::Other(_) => {}
            }
            if self.stop.is_asked() {
                return Err(());
            }
        }
    }

    /// Says that something will be tried again, and in how long.
    pub(crate) fn troubled(&self, failures: u32, errors: Vec<String>) -> std::time::Duration {
        let wait = self.shared.delay(self.options.backoff, failures);
        self.board.tell(Happened::Failed { errors: errors.clone() });
        self.board.set(State::Retrying { failures, errors, wait });
        wait
    }

    /// Waits until it is to go on, or the runner stops.
    async fn stopped(&mut self) {
        loop {
            match first(self.stop.asked(), self.commands.recv()).await {
                First::One(()) => return,
                First::Other(Some(Command::Resume { reply })) => {
                    let _ = reply.send(Ok(()));
                    self.board.set(State::Starting);
                    return;
                }
                First::Other(Some(Command::Stop { reply, .. })) => drop(reply.send(Ok(None))),
                First::Other(Some(command)) => command.refuse(&self.board.name),
                First::Other(None) => return self.stop.asked().await,
            }
        }
    }

    async fn release(&self, lease: Option<Lease>) {
        if let Some((leases, lease)) = self.shared.leases.as_ref().zip(lease) {
            // If it fails, the lease ends by itself.
            let _ = tokio::time::timeout(self.shared.ttl, leases.release_lease(&lease)).await;
        }
    }
}

/// Renews a lease that was `asked` for then; returns when it is lost, by the store's word or because it may have ended.
async fn keep(shared: Arc<Shared>, lease: Option<Lease>, asked: Instant) {
    let Some((leases, lease)) = shared.leases.as_ref().zip(lease) else { return std::future::pending().await };
    // Counted from when it was asked for, however long the answer took.
    let (mut end, mut next) = (asked + shared.ttl, asked + shared.ttl / 3);
    loop {
        if Instant::now() >= end {
            return;
        }
        tokio::time::sleep_until(next).await;
        let asked = Instant::now();
        match timeout_at(end, leases.renew_lease(&lease, shared.ttl)).await {
            Ok(Ok(_)) => (end, next) = (asked + shared.ttl, asked + shared.ttl / 3),
            Ok(Err(LeaseError::Lost { .. })) | Err(_) => return,
            Ok(Err(_)) => next = (Instant::now() + shared.ttl / 20).min(end),
        }
    }
}
