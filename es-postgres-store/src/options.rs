//! How a store is opened.

use std::time::Duration;

use es_core::store::Limits;

use crate::open::{OpenError, open};
use crate::store::PostgresStore;

/// How a store is opened; made by [`PostgresStore::options`].
///
/// ```no_run
/// # async fn open() -> Result<(), es_postgres_store::OpenError> {
/// use std::time::Duration;
/// use es_postgres_store::PostgresStore;
///
/// let store = PostgresStore::options()
///     .schema("bank_events")
///     .connections(20)
///     .statement_timeout(Duration::from_secs(5))
///     .connect("postgres://bank@db.internal/bank")
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) schema: String,
    pub(crate) connections: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) limits: Limits,
    pub(crate) migrate: bool,
    #[cfg(feature = "rustls")]
    pub(crate) tls: Option<rustls::ClientConfig>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: "es".to_owned(),
            connections: 10,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            poll_interval: Duration::from_millis(250),
            limits: Limits { payload_bytes: 16 * 1024 * 1024, batch_events: 10_000 },
            migrate: true,
            #[cfg(feature = "rustls")]
            tls: None,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { schema, connections, connect_timeout, statement_timeout, poll_interval, .. } = self;
        f.debug_struct("Options")
            .field("schema", schema)
            .field("connections", connections)
            .field("connect_timeout", connect_timeout)
            .field("statement_timeout", statement_timeout)
            .field("poll_interval", poll_interval)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The schema of the tables; `es` unless something else is said. Stores in different schemas know nothing of each
    /// other. Letters in lower case, digits and `_`.
    #[must_use]
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), ..self }
    }

    /// How many connections there may be for reads, checkpoints, snapshots and transactions; 10 unless something else is
    /// said, and at least one. Beside them, one writes and one listens.
    #[must_use]
    pub fn connections(self, connections: usize) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// How long it may take to get a connection, from the server or from others who use it; 10 seconds unless something
    /// else is said.
    #[must_use]
    pub fn connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// How long the server may take for one statement, waits for the locks of others included; 30 seconds unless
    /// something else is said. A server that does not answer at all is given up a second later.
    #[must_use]
    pub fn statement_timeout(self, statement_timeout: Duration) -> Self {
        Self { statement_timeout: statement_timeout.max(Duration::from_millis(1)), ..self }
    }

    /// How often somebody who waits for events looks whether there are some, beside being told; every 250 milliseconds
    /// unless something else is said.
    #[must_use]
    pub fn poll_interval(self, poll_interval: Duration) -> Self {
        Self { poll_interval: poll_interval.max(Duration::from_millis(1)), ..self }
    }

    /// What is accepted: payloads of 16 MiB and appends of 10 000 events, unless something else is said.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Only opens a schema that is up to date, and changes none: for users who may not. Make it with
    /// [`schema_sql`](crate::schema_sql), or by a user who may.
    #[must_use]
    pub fn without_migration(self) -> Self {
        Self { migrate: false, ..self }
    }

    /// How connections are encrypted: certificates that are trusted, and one of one's own; those that the operating system
    /// trusts, unless something else is said.
    ///
    /// Whether they are encrypted is said in the URL: `sslmode=require`, `disable`, or `prefer`, which is what a URL says
    /// without it, and does so only if this is given and the server can.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(self, tls: rustls::ClientConfig) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Connects, and brings the schema up to date.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn connect(self, url: &str) -> Result<PostgresStore, OpenError> {
        Ok(PostgresStore::new(open(url, self).await?))
    }
}
