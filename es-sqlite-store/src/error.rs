//! What can go wrong with the file, told apart by what can be done about it.

use std::error::Error;
use std::sync::Arc;

use es_core::store::CheckpointName;
use rusqlite::ErrorCode;

/// Why the store failed; the cause in `AppendError::Store`, `ReadError::Store` and their like.
///
/// The store is usable after any of them: what failed has been rolled back.
///
/// ```
/// use es_core::store::AppendError;
/// use es_sqlite_store::SqliteError;
///
/// fn is_full(error: &AppendError) -> bool {
///     let AppendError::Store { cause, .. } = error else { return false };
///     matches!(cause.downcast_ref(), Some(SqliteError::Full { .. }))
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// The disk is full, or the database has as many pages as it may have.
    #[error("the disk or the database is full")]
    Full {
        /// The error of SQLite.
        source: Arc<rusqlite::Error>,
    },
    /// Another process kept the file to itself for longer than the busy timeout.
    #[error("another process is using the database")]
    Busy {
        /// The error of SQLite.
        source: Arc<rusqlite::Error>,
    },
    /// The file may be read but not written.
    #[error("the database is read-only")]
    ReadOnly {
        /// The error of SQLite.
        source: Arc<rusqlite::Error>,
    },
    /// The file is damaged.
    #[error("the database is damaged")]
    Corrupt {
        /// The error of SQLite, or what is wrong with the stored data.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Reading, writing or syncing the file failed.
    #[error("the file of the database failed")]
    Io {
        /// The error of SQLite.
        source: Arc<rusqlite::Error>,
    },
    /// Something else failed.
    #[error("SQLite failed")]
    Sqlite {
        /// The error of SQLite.
        source: Arc<rusqlite::Error>,
    },
    /// A projection that is kept inline could not take in an event, so what was to be appended with it was not.
    #[error("the inline projection `{projection}` cannot take in what the log then has")]
    NotProjected {
        /// The name of the read model.
        projection: CheckpointName,
        /// What is wrong.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A thread that the store needs could not be started.
    #[error("a thread of the store could not be started")]
    Thread {
        /// The error of the operating system.
        source: Arc<std::io::Error>,
    },
    /// The thread that wrote panicked, so that it is not known what was written.
    #[error("the thread that wrote panicked")]
    Panicked,
    /// A [transaction](crate::SqliteStore::transaction) was committed or rolled back by the closure that it was given to.
    #[error("the transaction was ended by the work that was to be done in it")]
    TransactionEnded,
}

impl SqliteError {
    /// Stored data that breaks a rule of the store.
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        let what: Box<dyn Error + Send + Sync> = what.into().into();
        Self::Corrupt { source: what.into() }
    }

    /// Whether the failure may be due to one of several appends that were written together.
    pub(crate) fn is_of_one(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Sqlite { .. } | Self::NotProjected { .. })
    }
}

impl From<rusqlite::Error> for SqliteError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let source = Arc::new(error);
        match code {
            Some(ErrorCode::DiskFull) => Self::Full { source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { source },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { source },
            Some(ErrorCode::SystemIoFailure) => Self::Io { source },
            _ => Self::Sqlite { source },
        }
    }
}
