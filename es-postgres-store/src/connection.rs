//! One connection: how it is made, and the statements that are prepared on it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, Row, Statement};

use crate::error::PostgresError;
use crate::tls::Tls;

/// How long the server is given beyond its own timeout.
const GRACE: Duration = Duration::from_secs(1);

/// How connections are made.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
}

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection, used by one at a time.
pub(crate) struct Connection {
    pub(crate) client: Client,
    statements: HashMap<Arc<str>, Statement>,
    /// Whether the numbers of kinds were read on it: another server may be behind it than behind those before it.
    pub(crate) has_kinds: bool,
    patience: Duration,
}

impl Connector {
    /// A connection whose notifications are given to `told`.
    pub(crate) async fn connect(&self, mut told: impl FnMut() + Send + 'static) -> Result<Connection, PostgresError> {
        let connecting = async {
            let (client, mut connection) = self.tls.connect(&self.config).await.map_err(PostgresError::connecting)?;
            tokio::spawn(async move {
                // An error ends it, and whoever waits for an answer is told of it.
                while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
                    if matches!(message, AsyncMessage::Notification(_)) {
                        told();
                    }
                }
                told();
            });
            let millis = self.statement_timeout.as_millis();
            // No statement of the store is so large that it gains by being compiled to machine code.
            let settings = format!(
                "SET statement_timeout = {millis}; SET default_transaction_isolation = 'read committed'; SET jit = off"
            );
            client.batch_execute(&settings).await.map_err(PostgresError::connecting)?;
            Ok(Connection { client, statements: HashMap::new(), has_kinds: false, patience: self.patience() })
        };
        match timeout(self.connect_timeout, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(PostgresError::Timeout { after: self.connect_timeout }),
        }
    }

    /// A connection of the user's, on which no statement is waited for longer than on those of the store.
    pub(crate) fn lent<'c>(&self, client: &'c Client) -> Lent<'c> {
        Lent { client, patience: self.patience() }
    }

    fn patience(&self) -> Duration {
        self.statement_timeout.saturating_add(GRACE)
    }
}

/// A connection of the user's, who has begun a transaction on it and ends it.
#[derive(Clone, Copy)]
pub(crate) struct Lent<'c> {
    client: &'c Client,
    patience: Duration,
}

impl Lent<'_> {
    /// Runs a statement whose parameters have these types.
    pub(crate) async fn query(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, PostgresError> {
        within(self.patience, self.client.query_typed(sql, params)).await
    }
}

impl Connection {
    /// Runs a statement, which is prepared once for each connection.
    pub(crate) async fn query(&mut self, sql: &Arc<str>, params: Params<'_>) -> Result<Vec<Row>, PostgresError> {
        let Self { client, statements, patience, .. } = self;
        let run = async {
            let statement = if let Some(statement) = statements.get(sql) {
                statement
            } else {
                let prepared = client.prepare(sql).await?;
                statements.entry(Arc::clone(sql)).or_insert(prepared)
            };
            client.query(statement, params).await
        };
        within(*patience, run).await
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&self, sql: &str) -> Result<(), PostgresError> {
        within(self.patience, self.client.batch_execute(sql)).await
    }

    /// Whether it can still be used, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }
}

async fn within<T>(
    patience: Duration,
    run: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, PostgresError> {
    match timeout(patience, run).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if is_statement_timeout(&error) => {
            Err(PostgresError::Timeout { after: patience.saturating_sub(GRACE) })
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(PostgresError::Timeout { after: patience }),
    }
}

fn is_statement_timeout(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&tokio_postgres::error::SqlState::QUERY_CANCELED)
}
