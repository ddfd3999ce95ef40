//! A runner that runs: what it tells, what it can be told, and its end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use es_core::Position;
use es_core::store::{CheckpointName, ParkedEvent, ParkedKey};
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use tokio::task::JoinSet;

use crate::command::{Command, ControlError, Reply, Retried};
use crate::handover::{Party, hand_over, tell};
use crate::shared::Shared;
use crate::status::{Progress, State, Status, Stopped};
use crate::trouble::chain;
use crate::wait::{WaitError, wait_for};

/// Processors at work, until they are [stopped](Running::stop); dropped, they are aborted at their next await.
pub struct Running {
    entries: BTreeMap<CheckpointName, Entry>,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    progress: broadcast::Sender<Progress>,
    /// The drivers, and who watches the log for them.
    tasks: Mutex<(JoinSet<()>, JoinSet<()>)>,
}

pub(crate) struct Entry {
    pub(crate) status: Arc<watch::Sender<Status>>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) follows: Option<CheckpointName>,
}

impl Running {
    pub(crate) fn new(
        entries: BTreeMap<CheckpointName, Entry>,
        shared: Arc<Shared>,
        stop: watch::Sender<bool>,
        progress: broadcast::Sender<Progress>,
        drivers: JoinSet<()>,
        watcher: JoinSet<()>,
    ) -> Self {
        Self { entries, shared, stop, progress, tasks: Mutex::new((drivers, watcher)) }
    }

    /// How a processor is; [`State::Unknown`] if this runner has none of that name. Starts nothing.
    pub fn status(&self, name: &CheckpointName) -> Status {
        let Some(entry) = self.entries.get(name) else { return Status::new(State::Unknown) };
        let mut status = entry.status.borrow().clone();
        status.head = status.head.max(self.shared.pages.head());
        status
    }

    /// How all processors are, sorted by the bytes of their names.
    pub fn statuses(&self) -> Vec<(CheckpointName, Status)> {
        self.entries.keys().map(|name| (name.clone(), self.status(name))).collect()
    }

    /// The status of a processor whenever it changes; ends when the runner does.
    ///
    /// Put each look at it away before the next, and before anything is awaited: meanwhile the processor cannot change it.
    ///
    /// # Errors
    /// [`ControlError::Unknown`].
    pub fn watch(&self, name: &CheckpointName) -> Result<watch::Receiver<Status>, ControlError> {
        Ok(self.entry(name)?.status.subscribe())
    }

    /// What happens to all processors from now on.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Waits until a processor has done everything up to `position`: what an append returned is then read.
    ///
    /// # Errors
    /// See [`WaitError`].
    pub async fn wait_for(
        &self,
        name: &CheckpointName,
        position: Position,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let Some(entry) = self.entries.get(name) else { return Err(WaitError::Unknown { processor: name.clone() }) };
        wait_for(&entry.status, name, position, timeout).await
    }

    /// What is parked of a processor, in the order of the log: after a position, and of one key if one is given.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn parked(
        &self,
        name: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ControlError> {
        self.entry(name)?;
        let Some(store) = &self.shared.failures else {
            return Err(ControlError::NoFailures { processor: name.clone() });
        };
        let listed = store.parked_events(name, key, after, limit).await;
        listed.map_err(|error| ControlError::Interrupted { processor: name.clone(), errors: chain(&error) })
    }

    /// The keys behind which events of a processor wait.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn parked_keys(&self, name: &CheckpointName) -> Result<Vec<ParkedKey>, ControlError> {
        self.entry(name)?;
        let Some(store) = &self.shared.failures else {
            return Err(ControlError::NoFailures { processor: name.clone() });
        };
        let listed = store.parked_keys(name).await;
        listed.map_err(|error| ControlError::Interrupted { processor: name.clone(), errors: chain(&error) })
    }

    /// Tries the parked events of a key again, in the order of the log and one at a time, up to the first that fails.
    ///
    /// Events of other keys go with them, where an event is about several.
    /// An event stays parked until it is processed; if the node dies between the two, it is processed again when it is
    /// tried the next time.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn retry(&self, name: &CheckpointName, key: &str) -> Result<Retried, ControlError> {
        self.tell(name, |reply| Command::Retry { key: key.to_owned(), reply }).await
    }

    /// Gives up the parked events of a key, and says how many; later ones are processed again.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn discard(&self, name: &CheckpointName, key: &str) -> Result<usize, ControlError> {
        self.tell(name, |reply| Command::Discard { key: key.to_owned(), reply }).await
    }

    /// Makes a processor forget everything and begin again; says up to where, for [`wait_for`](Self::wait_for).
    ///
    /// It goes on from its checkpoint if it is interrupted. Parked events are tried again with all others.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn rebuild(&self, name: &CheckpointName) -> Result<Position, ControlError> {
        self.tell(name, |reply| Command::Rebuild { reply }).await
    }

    /// Makes a processor do nothing after its current batch, until it is [resumed](Self::resume).
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn pause(&self, name: &CheckpointName) -> Result<(), ControlError> {
        self.tell(name, |reply| Command::Stop { why: Stopped::Requested, reply }).await.map(drop)
    }

    /// Lets a processor go on that is [stopped](State::Stopped).
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn resume(&self, name: &CheckpointName) -> Result<(), ControlError> {
        self.tell(name, |reply| Command::Resume { reply }).await
    }

    /// Hands over from `old` to `new`, and returns the mark: `old` has done everything up to it and stops for good, and
    /// `new` has done as much and goes on.
    ///
    /// Both must be active here. Waits until `new` has come to where `old` is; if that takes too long, `old` goes on.
    /// Where `new` is a [successor](crate::Runner::add_successor), events up to the mark have had their effects by `old`, and
    /// later ones have theirs by `new`.
    ///
    /// # Errors
    /// See [`ControlError`].
    pub async fn promote(
        &self,
        new: &CheckpointName,
        old: &CheckpointName,
        timeout: Duration,
    ) -> Result<Position, ControlError> {
        for name in [new, old] {
            let status = self.entry(name)?.status.borrow().clone();
            if matches!(status.state, State::Standby { .. } | State::Stopped(_)) {
                return Err(ControlError::NotActive { processor: name.clone() });
            }
        }
        if self.entry(new)?.follows.as_ref().is_some_and(|follows| follows != old) {
            return Err(ControlError::NotRegistered { processor: new.clone(), what: "follow another than its own" });
        }
        let party = |name: &CheckpointName| {
            self.entry(name).map(|Entry { status, commands, .. }| Party::new(name, status, commands))
        };
        // It goes to its end also where nobody waits for that any more, or neither of the two would go on.
        let handed_over = tokio::spawn(hand_over(party(new)?, party(old)?, timeout));
        handed_over.await.map_err(|_| ControlError::NotActive { processor: new.clone() })?
    }

    /// Stops all processors: each finishes its batch, or drops it if that takes too long, and releases its lease.
    ///
    /// When it returns, nothing runs any more, and all feeds end.
    pub async fn stop(self) {
        self.halt().await;
    }

    /// The same where the runner is shared: the feeds end when nobody has it any more.
    ///
    /// Whoever else asks for it at the same time waits as well.
    pub async fn halt(&self) {
        let _ = self.stop.send(true);
        let (drivers, watcher) = &mut *self.tasks.lock().await;
        while drivers.join_next().await.is_some() {}
        watcher.shutdown().await;
    }

    fn entry(&self, name: &CheckpointName) -> Result<&Entry, ControlError> {
        self.entries.get(name).ok_or_else(|| ControlError::Unknown { processor: name.clone() })
    }

    async fn tell<T>(
        &self,
        name: &CheckpointName,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, ControlError> {
        tell(&self.entry(name)?.commands, name, command).await
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("statuses", &self.statuses()).finish_non_exhaustive()
    }
}
