//! The connections of the store, beside the one that writes and the one that listens.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::connection::{Connection, Connector};
use crate::error::PostgresError;

/// Connections that nobody uses right now, and how many more there may be.
pub(crate) struct Pool {
    pub(crate) connector: Connector,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    pub(crate) most: usize,
}

impl Pool {
    pub(crate) fn new(connector: Connector, most: usize) -> Self {
        Self { connector, idle: Mutex::default(), free: Arc::new(Semaphore::new(most)), most }
    }

    /// A connection; waits for one if all are in use.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Pooled, PostgresError> {
        let after = self.connector.connect_timeout;
        let permit = match timeout(after, Arc::clone(&self.free).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(PostgresError::ShuttingDown),
            Err(_) => return Err(PostgresError::PoolExhausted { connections: self.most, after }),
        };
        let connection = loop {
            let idle = self.idle().pop();
            match idle {
                Some(connection) if connection.is_open() => break connection,
                Some(_) => {}
                None => break self.connector.connect(|| ()).await?,
            }
        };
        Ok(Pooled { connection: Some(connection), pool: Arc::clone(self), _permit: permit })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. It is closed when it is dropped, unless it is given back, so that nobody gets one on which
/// something is still going on.
pub(crate) struct Pooled {
    connection: Option<Connection>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pooled {
    /// Nothing is going on any more.
    pub(crate) fn give_back(mut self) {
        let connection = self.connection.take();
        self.pool.idle().extend(connection.filter(Connection::is_open));
    }

    /// Gives it back after a statement, unless that may still be going on.
    pub(crate) fn after<T>(self, done: Result<T, PostgresError>) -> Result<T, PostgresError> {
        if !matches!(done, Err(PostgresError::Timeout { .. })) {
            self.give_back();
        }
        done
    }
}

impl Deref for Pooled {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is taken away only where the value ends")
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("the connection is taken away only where the value ends")
    }
}
