//! An event store in PostgreSQL 13 or later: the store for several processes on several machines.

mod error;
mod metadata;
mod options;

// The server.
mod connection;
mod open;
mod pool;
mod schema;
mod tls;

// Writing.
mod append;
mod checkpoints;
mod plan;
mod snapshots;
mod task;
mod transaction;
mod writer;

// Reading.
mod kinds;
mod read;
mod row;
mod watch;

mod store;

#[cfg(feature = "rustls")]
pub use rustls;
pub use tokio_postgres;

pub use self::error::PostgresError;
pub use self::open::OpenError;
pub use self::options::Options;
pub use self::schema::schema_sql;
pub use self::store::PostgresStore;
pub use self::transaction::Transaction;
