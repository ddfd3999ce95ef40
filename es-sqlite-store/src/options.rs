//! How a store is opened.

use std::path::Path;
use std::time::Duration;

use es_core::store::Limits;

use crate::open::{OpenError, open};
use crate::store::SqliteStore;

/// When an append is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on the disk: nothing acknowledged is lost, also not by a power failure.
    #[default]
    Full,
    /// When the operating system has it: a crash of the process loses nothing, but a power failure or a crash of the
    /// operating system may lose the appends since the last checkpoint of the write-ahead log, thousands of them. What is
    /// left is a whole and consistent beginning of the log. A lone writer is about ten times as fast.
    Normal,
}

/// How a store is opened; made by [`SqliteStore::options`].
///
/// ```no_run
/// # async fn open() -> Result<(), es_sqlite_store::OpenError> {
/// use std::time::Duration;
/// use es_sqlite_store::{SqliteStore, Synchronous};
///
/// let store = SqliteStore::options()
///     .synchronous(Synchronous::Normal)
///     .busy_timeout(Duration::from_secs(1))
///     .open("cache.db")
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) synchronous: Synchronous,
    pub(crate) busy_timeout: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) idle_readers: usize,
    pub(crate) limits: Limits,
    pub(crate) max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            poll_interval: Duration::from_millis(25),
            idle_readers: 4,
            limits: Limits { payload_bytes: 16 * 1024 * 1024, batch_events: 10_000 },
            max_pages: None,
        }
    }
}

impl Options {
    /// When an append is acknowledged; on the disk, unless something else is said.
    #[must_use]
    pub fn synchronous(self, synchronous: Synchronous) -> Self {
        Self { synchronous, ..self }
    }

    /// How long an append waits, with its thread, while another process writes; 5 seconds unless something else is said.
    #[must_use]
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// How often somebody who waits for events looks whether another process has appended some; every 25 milliseconds
    /// unless something else is said. What this store appends is noticed at once.
    #[must_use]
    pub fn poll_interval(self, poll_interval: Duration) -> Self {
        Self { poll_interval, ..self }
    }

    /// How many connections for reading are kept open while nobody reads; 4 unless something else is said.
    #[must_use]
    pub fn idle_readers(self, idle_readers: usize) -> Self {
        Self { idle_readers, ..self }
    }

    /// What is accepted: payloads of 16 MiB and appends of 10 000 events, unless something else is said.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How many pages of 4 KiB the database may have, so that it leaves room on the disk for others; an append beyond
    /// them fails with [`SqliteError::Full`](crate::SqliteError::Full). As many as SQLite allows, unless something else is said.
    #[must_use]
    pub fn max_pages(self, pages: u32) -> Self {
        Self { max_pages: Some(pages), ..self }
    }

    /// Opens the file, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    #[allow(clippy::unused_async, reason = "opening waits for the disk, and may one day do so without its thread")]
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        Ok(SqliteStore::new(open(path.as_ref(), self)?))
    }
}
