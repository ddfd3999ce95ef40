//! Group commit: appends that wait at the same time are written together, on one connection.
//!
//! Whoever comes first starts a task that writes for all who wait, and ends when nobody does; so there is no task that a
//! lone writer would have to wait for, and an append whose future is dropped or not polled holds up nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::append::{Appender, Busy, Grouped};
use crate::connection::Connection;
use crate::error::PostgresError;
use crate::pool::Pool;
use crate::task::{Outcome, Task};
use crate::watch::Watch;

/// How often others are let in before a group is written.
const ROUNDS: u32 = 8;
/// How many appends are written together.
const MOST: usize = 256;
/// How many bytes are written together; an append that has more is written alone.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// The connection that writes, and those who wait for it.
pub(crate) struct Writer {
    pub(crate) appender: Appender,
    pool: Arc<Pool>,
    watch: Arc<Watch>,
    line: Arc<Mutex<Line>>,
    connection: AsyncMutex<Option<Connection>>,
    /// How many appends may be written alone at once. They may wait for others, and leave connections for who does not.
    apart: Semaphore,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Seat>,
    is_working: bool,
}

/// Appends that are written together, and who wants to know of each.
type Group = (Vec<Task>, Vec<oneshot::Sender<Outcome>>);

struct Seat {
    task: Task,
    bytes: usize,
    reply: oneshot::Sender<Outcome>,
}

impl Writer {
    pub(crate) fn new(appender: Appender, pool: Arc<Pool>, watch: Arc<Watch>) -> Self {
        let apart = Semaphore::new((pool.most / 2).max(1));
        Self { appender, pool, watch, line: Arc::default(), connection: AsyncMutex::default(), apart }
    }

    /// Does a task, together with others. If the future is dropped, it may or may not be done.
    pub(crate) async fn append(self: &Arc<Self>, task: Task) -> Outcome {
        let bytes = task.events().map(|(_, event)| event.payload.len() + 256).sum();
        let (reply, outcome) = oneshot::channel();
        let worker = {
            let mut line = self.line();
            line.waiting.push_back(Seat { task, bytes, reply });
            let is_first = !std::mem::replace(&mut line.is_working, true);
            is_first.then(|| Worker(Some(Arc::clone(&self.line))))
        };
        if let Some(worker) = worker {
            tokio::spawn(Arc::clone(self).work(worker));
        }
        outcome.await.unwrap_or(Err(PostgresError::ShuttingDown))
    }

    /// Writes for those who wait, until nobody does.
    async fn work(self: Arc<Self>, mut worker: Worker) {
        loop {
            // As long as others come, they are let in: one commit will do for all.
            let mut seen = 0;
            for _ in 0..ROUNDS {
                let waiting = self.line().waiting.len();
                if waiting <= seen {
                    break;
                }
                seen = waiting;
                yield_now().await;
            }
            let Some((next, (tasks, replies))) = worker.next() else { return };
            worker = next;
            self.write(tasks, replies).await;
        }
    }

    async fn write(self: &Arc<Self>, mut tasks: Vec<Task>, mut replies: Vec<oneshot::Sender<Outcome>>) {
        while !tasks.is_empty() {
            let written = match self.group(&tasks).await {
                Ok(Grouped::Busy(streams)) => {
                    // Others hold these streams, perhaps for long: nobody else is to wait for that.
                    let (mut left, mut left_replies) = (Vec::new(), Vec::new());
                    for (task, reply) in tasks.into_iter().zip(replies) {
                        if task.appends().iter().chain(task.checks()).any(|part| streams.contains(&part.stream)) {
                            tokio::spawn(Arc::clone(self).alone(task, reply));
                        } else {
                            left.push(task);
                            left_replies.push(reply);
                        }
                    }
                    (tasks, replies) = (left, left_replies);
                    continue;
                }
                Ok(Grouped::Done(done, _)) => Ok(done),
                // One of them may be to blame; the others are not to suffer for it.
                Err(error) if error.is_of_one() && tasks.len() > 1 => {
                    for (task, reply) in tasks.into_iter().zip(replies) {
                        tokio::spawn(Arc::clone(self).alone(task, reply));
                    }
                    return;
                }
                Err(error) => Err(error),
            };
            match written {
                Ok(done) => {
                    self.watch.appended();
                    for (reply, done) in replies.into_iter().zip(done) {
                        // Who has gone does not want to know.
                        let _ = reply.send(Ok(done));
                    }
                }
                Err(error) => {
                    for reply in replies {
                        let _ = reply.send(Err(error.clone()));
                    }
                }
            }
            return;
        }
    }

    async fn group(&self, tasks: &[Task]) -> Result<Grouped, PostgresError> {
        let mut slot = self.connection.lock().await;
        let mut connection = match slot.take() {
            Some(connection) if connection.is_open() => connection,
            _ => self.pool.connector.connect(|| ()).await?,
        };
        let grouped = self.appender.append(&mut connection, tasks, Busy::Tell).await;
        // After a timeout, something may still be going on there; and where a transaction could not be ended, too.
        if !matches!(grouped, Err(PostgresError::Timeout { .. } | PostgresError::ConnectionLost { .. })) {
            *slot = Some(connection);
        }
        grouped
    }

    /// Does one task on a connection of its own, and waits for whom it must.
    async fn alone(self: Arc<Self>, task: Task, reply: oneshot::Sender<Outcome>) {
        let outcome = async {
            let after = self.pool.connector.statement_timeout;
            let _permit = match timeout(after, self.apart.acquire()).await {
                Ok(permit) => permit.map_err(|_| PostgresError::ShuttingDown)?,
                Err(_) => return Err(PostgresError::Timeout { after }),
            };
            if reply.is_closed() {
                return Err(PostgresError::ShuttingDown);
            }
            let mut connection = self.pool.get().await?;
            let tasks = std::slice::from_ref(&task);
            let grouped = self.appender.append(&mut connection, tasks, Busy::Wait).await;
            match connection.after(grouped)? {
                Grouped::Done(mut done, _) if done.len() == 1 => Ok(done.remove(0)),
                _ => Err(PostgresError::broken("one append has one outcome")),
            }
        };
        let outcome = outcome.await;
        if outcome.is_ok() {
            self.watch.appended();
        }
        let _ = reply.send(outcome);
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing panics while the line is half changed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// The next group; `None` if nobody waits, and then nobody works.
    fn take(&mut self) -> Option<Group> {
        let (mut tasks, mut replies, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some(seat) = self.waiting.pop_front() {
            bytes += seat.bytes;
            if tasks.len() == MOST || (bytes > MOST_BYTES && !tasks.is_empty()) {
                self.waiting.push_front(seat);
                break;
            }
            // Who has gone before it was begun is not written for.
            if !seat.reply.is_closed() {
                tasks.push(seat.task);
                replies.push(seat.reply);
            }
        }
        self.is_working = !tasks.is_empty();
        self.is_working.then_some((tasks, replies))
    }
}

/// The task that writes, from before it is started. If it ends before its time, as when its runtime does, those who wait
/// are told, and others can go on; once it has found that nobody waits, it has ended, and whoever comes then is another's.
struct Worker(Option<Arc<Mutex<Line>>>);

impl Worker {
    /// The next group, and who is to write it.
    fn next(mut self) -> Option<(Self, Group)> {
        let line = self.0.take()?;
        let group = line.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some((Self(Some(line)), group))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(line) = self.0.take() else { return };
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        line.is_working = false;
        line.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use es_core::store::MultiAppend;

    use super::{Arc, Line, Mutex, Outcome, Seat, Task, Worker, oneshot};

    fn sit(line: &Mutex<Line>) -> oneshot::Receiver<Outcome> {
        let (reply, outcome) = oneshot::channel();
        let mut line = line.lock().unwrap();
        line.waiting.push_back(Seat { task: Task::Multi(MultiAppend::new()), bytes: 0, reply });
        line.is_working = true;
        outcome
    }

    #[test]
    fn a_task_that_has_ended_leaves_alone_who_comes_then() {
        let line = Arc::default();
        let mut first = sit(&line);
        let (worker, group) = Worker(Some(Arc::clone(&line))).next().unwrap();
        drop(group);
        assert!(first.try_recv().is_err());
        // It stops here, and another comes before it is gone.
        let ended = worker.next();
        let mut second = sit(&line);
        drop(ended);
        assert!(matches!(second.try_recv(), Err(oneshot::error::TryRecvError::Empty)), "it still waits");
        assert!(line.lock().unwrap().is_working);
    }

    #[test]
    fn a_task_that_is_cut_off_tells_those_who_wait() {
        let line = Arc::default();
        let mut waiting = sit(&line);
        drop(Worker(Some(Arc::clone(&line))));
        assert!(matches!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        assert!(!line.lock().unwrap().is_working, "another can be started");
    }
}
