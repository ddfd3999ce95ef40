//! Telling those who wait that the log has grown: what this store appends at once, what others append by a look at the
//! file from time to time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use es_core::Position;
use event_listener::{Event, EventListener};
use rusqlite::Connection;

use crate::error::SqliteError;
use crate::open::DatabaseFile;
use crate::read::head;

/// How many looks without anybody waiting end the thread.
const IDLE_LOOKS: u32 = 20;

/// The head of the log as far as it is known, those who wait for it to move, and the thread that looks for them.
pub(crate) struct Watch {
    head: AtomicU64,
    grown: Event,
    looking: Mutex<Looking>,
    change: Condvar,
    interval: Duration,
}

#[derive(Default)]
struct Looking {
    waiting: usize,
    is_closed: bool,
    is_running: bool,
    thread: Option<JoinHandle<()>>,
    /// Why the last look failed.
    failed: Option<SqliteError>,
}

impl Watch {
    pub(crate) fn new(interval: Duration) -> Self {
        let (head, grown, looking, change) = (AtomicU64::new(0), Event::new(), Mutex::default(), Condvar::new());
        Self { head, grown, looking, change, interval }
    }

    /// The log has come to `head`.
    pub(crate) fn grown(&self, head: Position) {
        if self.head.fetch_max(head.get(), Ordering::SeqCst) < head.get() {
            self.grown.notify(usize::MAX);
        }
    }

    pub(crate) fn head(&self) -> Position {
        Position::new(self.head.load(Ordering::SeqCst))
    }

    pub(crate) fn listen(&self) -> EventListener {
        self.grown.listen()
    }

    /// Has the file looked at for as long as what is returned is kept.
    pub(crate) fn wait(self: &Arc<Self>, file: &DatabaseFile) -> Result<Waiting, SqliteError> {
        let mut looking = self.looking();
        looking.waiting += 1;
        let waiting = Waiting(Arc::clone(self));
        if !looking.is_running && !looking.is_closed {
            if let Some(ended) = looking.thread.take() {
                // It has said so, and does nothing more.
                drop(ended);
            }
            let (watch, connection) = (Arc::clone(self), file.reader());
            // `waiting` must not be dropped under the lock that its drop takes.
            let thread = connection.and_then(|connection| {
                let named = std::thread::Builder::new().name("es-sqlite-watch".to_owned());
                let thread = named.spawn(move || watch.look(&connection));
                thread.map_err(|source| SqliteError::Thread { source: Arc::new(source) })
            });
            match thread {
                Ok(thread) => (looking.thread, looking.is_running, looking.failed) = (Some(thread), true, None),
                Err(error) => {
                    drop(looking);
                    return Err(error);
                }
            }
        }
        Ok(waiting)
    }

    /// Why the file can no longer be looked at.
    pub(crate) fn failed(&self) -> Option<SqliteError> {
        self.looking().failed.clone()
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        let thread = {
            let mut looking = self.looking();
            looking.is_closed = true;
            looking.thread.take()
        };
        self.change.notify_all();
        if let Some(thread) = thread {
            // A panic in it has been reported by then; there is nobody left who waits.
            let _ = thread.join();
        }
    }

    fn look(&self, connection: &Connection) {
        let (mut seen, mut idle) = (None, 0);
        loop {
            // A change between a look and the next changes the number; the first look is always news.
            let looked = connection.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0));
            let news = looked.map_err(SqliteError::from).and_then(|version| {
                if seen.replace(version) == Some(version) { Ok(None) } else { head(connection).map(Some) }
            });
            match news {
                Ok(None) | Err(SqliteError::Busy { .. }) => {}
                Ok(Some(head)) => self.grown(head),
                Err(error) => {
                    let mut looking = self.looking();
                    (looking.is_running, looking.failed) = (false, Some(error));
                    drop(looking);
                    self.grown.notify(usize::MAX);
                    return;
                }
            }
            let looking = self.looking();
            idle = if looking.waiting == 0 { idle + 1 } else { 0 };
            // Closed already, it does not wait: nobody would wake it.
            let waited = self.change.wait_timeout_while(looking, self.interval, |looking| !looking.is_closed);
            let (mut looking, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if looking.is_closed || (idle >= IDLE_LOOKS && looking.waiting == 0) {
                looking.is_running = false;
                return;
            }
        }
    }

    fn looking(&self) -> MutexGuard<'_, Looking> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits.
pub(crate) struct Waiting(Arc<Watch>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.looking().waiting -= 1;
    }
}
