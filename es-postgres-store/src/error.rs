//! What can go wrong with the server and the way to it, told apart by what can be done about it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::SqlState;

/// Why the store failed; the cause in `AppendError::Store`, `ReadError::Store` and their like.
///
/// The store is usable after any of them: what failed has been rolled back, and lost connections are made anew.
///
/// ```
/// use es_core::store::AppendError;
/// use es_postgres_store::PostgresError;
///
/// fn is_full(error: &AppendError) -> bool {
///     let AppendError::Store { cause, .. } = error else { return false };
///     matches!(cause.downcast_ref(), Some(PostgresError::Full { .. }))
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// No connection could be made.
    #[error("the server could not be reached: check host, port and network, and whether it runs")]
    Unreachable {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// A connection broke; what was on its way may or may not have been done.
    #[error("the connection to the server was lost")]
    ConnectionLost {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The encryption of the connection failed.
    #[error("the connection could not be encrypted: check the certificates, and `sslmode` in the URL")]
    Tls {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The server does not know the user, or not by this password.
    #[error("the server refuses the user: check user name and password, and `pg_hba.conf`")]
    Credentials {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The server has no such database.
    #[error("there is no such database: create it, or correct the name in the URL")]
    NoDatabase {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The user may not do what the store needs.
    #[error("the user lacks a right: grant it as the documentation of the crate says")]
    Denied {
        /// The error of the driver, which names the table or the schema.
        source: Arc<tokio_postgres::Error>,
    },
    /// The server has as many connections as it may have.
    #[error("the server takes no more connections: use fewer in each process, or raise `max_connections`")]
    TooManyConnections {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The disk of the server is full.
    #[error("the disk of the server is full")]
    Full {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The key of a row of a read model, or an entry of one of its indexes, is longer than an index of PostgreSQL can hold.
    #[error(
        "the row `{starts_with}…` has {what} of {bytes} bytes, PostgreSQL indexes at most {most}: use a hash instead"
    )]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How the key of the row begins.
        starts_with: String,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The server has no memory left, or no place for locks.
    #[error("the server has too little memory: append to fewer streams at once, or raise `max_locks_per_transaction`")]
    OutOfMemory {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The server is starting, stopping, a standby, or set to `default_transaction_read_only`.
    #[error("the server takes no writes now: it is starting, stopping, a standby, or set so that it only reads")]
    Unavailable {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The server took longer than it may; what was on its way may or may not have been done.
    #[error("the server did not answer within {after:?}")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// All connections of the store were in use for too long.
    #[error("all {connections} connections were in use for {after:?}: allow more, or hold transactions for less time")]
    PoolExhausted {
        /// How many there may be.
        connections: usize,
        /// How long was waited.
        after: Duration,
    },
    /// A transaction is not `READ COMMITTED`, which appends and reads of the log need.
    #[error("the transaction must be READ COMMITTED")]
    Isolation {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The transaction was rolled back, because a statement in it had failed.
    #[error("the transaction was rolled back, because something in it had failed")]
    RolledBack {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// What is stored breaks a rule of the store.
    #[error("the stored data is damaged")]
    Corrupt {
        /// What is wrong.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Something else failed.
    #[error("PostgreSQL failed")]
    Postgres {
        /// The error of the driver.
        source: Arc<tokio_postgres::Error>,
    },
    /// The runtime that the store works on is shutting down.
    #[error("the runtime is shutting down")]
    ShuttingDown,
}

impl PostgresError {
    /// Stored data that breaks a rule of the store.
    pub(crate) fn broken(what: impl Into<String>) -> Self {
        let what: Box<dyn Error + Send + Sync> = what.into().into();
        Self::Corrupt { source: what.into() }
    }

    /// Why a connection could not be made.
    pub(crate) fn connecting(error: tokio_postgres::Error) -> Self {
        match Self::from(error) {
            Self::ConnectionLost { source } | Self::Postgres { source } if source.as_db_error().is_none() => {
                // The driver tells kinds apart by their text only.
                let text = source.to_string();
                match text {
                    _ if text.contains("TLS") => Self::Tls { source },
                    _ if text.contains("authentication") || text.contains("password") => Self::Credentials { source },
                    _ => Self::Unreachable { source },
                }
            }
            error => error,
        }
    }

    /// Why a transaction cannot be committed.
    pub(crate) fn rolled_back(self) -> Self {
        match self {
            Self::Postgres { source } if source.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => {
                Self::RolledBack { source }
            }
            error => error,
        }
    }

    /// Whether another attempt may go well, since others were in the way.
    pub(crate) fn is_race(&self) -> bool {
        use SqlState as S;
        let races = [&S::UNIQUE_VIOLATION, &S::T_R_DEADLOCK_DETECTED, &S::T_R_SERIALIZATION_FAILURE];
        matches!(self, Self::Postgres { source } if source.code().is_some_and(|code| races.contains(&code)))
    }

    /// Whether the failure may be due to one of several appends that were written together.
    pub(crate) fn is_of_one(&self) -> bool {
        matches!(self, Self::Postgres { .. } | Self::OutOfMemory { .. } | Self::Full { .. } | Self::Timeout { .. })
    }
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        use SqlState as S;
        let code = error.code().cloned();
        let is_closed = error.is_closed();
        let source = Arc::new(error);
        let Some(code) = code else {
            let is_io = source.source().is_some_and(<dyn Error>::is::<std::io::Error>);
            return if is_closed || is_io { Self::ConnectionLost { source } } else { Self::Postgres { source } };
        };
        match code.code() {
            "ESV02" => return Self::Isolation { source },
            "ESV01" => return Self::Denied { source },
            _ => {}
        }
        match code {
            S::INVALID_PASSWORD | S::INVALID_AUTHORIZATION_SPECIFICATION => Self::Credentials { source },
            S::INVALID_CATALOG_NAME => Self::NoDatabase { source },
            S::INSUFFICIENT_PRIVILEGE => Self::Denied { source },
            S::TOO_MANY_CONNECTIONS => Self::TooManyConnections { source },
            S::DISK_FULL => Self::Full { source },
            S::OUT_OF_MEMORY => Self::OutOfMemory { source },
            S::READ_ONLY_SQL_TRANSACTION | S::CANNOT_CONNECT_NOW => Self::Unavailable { source },
            S::ADMIN_SHUTDOWN | S::CRASH_SHUTDOWN | S::CONNECTION_FAILURE | S::CONNECTION_DOES_NOT_EXIST => {
                Self::ConnectionLost { source }
            }
            S::DATA_CORRUPTED | S::INDEX_CORRUPTED => Self::Corrupt { source },
            _ => Self::Postgres { source },
        }
    }
}
