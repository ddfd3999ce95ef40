//! The connections that read, each beside the writer and from a snapshot of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::error::SqliteError;
use crate::open::DatabaseFile;
use crate::row::KnownKinds;

/// Connections that nobody uses right now.
pub(crate) struct Pool {
    file: DatabaseFile,
    idle: Mutex<Vec<Reader>>,
    keep: usize,
}

pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) kinds: KnownKinds,
}

impl Pool {
    pub(crate) fn new(file: DatabaseFile, keep: usize) -> Self {
        Self { file, idle: Mutex::default(), keep }
    }

    /// A connection on which everything is read from one snapshot of the database.
    pub(crate) fn snapshot(&self) -> Result<Snapshot<'_>, SqliteError> {
        let idle = self.idle().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader { connection: self.file.reader()?, kinds: KnownKinds::default() },
        };
        reader.connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Snapshot { pool: self, reader: Some(reader) })
    }

    pub(crate) fn file(&self) -> &DatabaseFile {
        &self.file
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reader in use; goes back when it is dropped.
pub(crate) struct Snapshot<'p> {
    pool: &'p Pool,
    reader: Option<Reader>,
}

impl Snapshot<'_> {
    pub(crate) fn reader(&mut self) -> &mut Reader {
        self.reader.as_mut().expect("the reader is taken away only by `drop`")
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        let ended = reader.connection.prepare_cached("ROLLBACK").and_then(|mut statement| statement.execute([]));
        let mut idle = self.pool.idle();
        if ended.is_ok() && reader.connection.is_autocommit() && idle.len() < self.pool.keep {
            idle.push(reader);
        }
    }
}
