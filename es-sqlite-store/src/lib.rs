//! An event store in one SQLite file: the durable store for programs that bring no database server.
//!
//! [`SqliteStore`] keeps the [contract](es_core::store) of all stores, with subscriptions, checkpoints, snapshots and
//! appends to several streams.
//!
//! - **Durable.** What is acknowledged is on the disk, unless [`Synchronous::Normal`] is chosen.
//! - **Group commit.** Appends that wait at the same time share one commit, and so one sync of the disk.
//!   One of them does the work for all, on its own thread: there is no thread that a lone writer would have to wait for.
//! - **Several processes** may use one file, also for writing.
//! - **Plain tables.** `SELECT * FROM event_log` shows the log with readable times, ids, metadata and payloads, and the
//!   JSON functions of SQLite work on the latter two.
//! - **Read models in the same file** change together with their checkpoint: see [`SqliteStore::transaction`].
//!
//! # Threads
//!
//! The store runs on any executor and needs none of its own.
//! It works on the thread that polls it: an append takes it for as long as the disk takes to commit (a fraction of a
//! millisecond, more on slow disks), a read for about a thousand events at a time.
//! Where that is too long, run it on a thread of its own.
//! Only a wait for what *other processes* append starts a thread, which ends soon after the last who waits, and a backup
//! has one while it runs.
//!
//! # Files
//!
//! Beside `bank.db`, SQLite keeps `bank.db-wal` and `bank.db-shm` while the store is open, or after a crash.
//! They belong to the database: without the first, the last appends are lost.
//! Do not put them on a network file system, and copy a database in use with [`SqliteStore::backup_to`], not as a file.
//!
//! Events are never deleted, so there is nothing for `VACUUM` to give back but what read models and snapshots have left
//! behind; it needs as much space again while it runs, and holds up writers.

mod error;
mod metadata;
mod options;
mod yielding;

// The file.
mod open;
mod schema;

// Writing.
mod append;
mod checkpoints;
mod failures;
mod inline;
mod insert;
mod leases;
mod queue;
mod rows;
mod snapshots;
mod transaction;
mod writer;

// Reading.
mod filter;
mod pool;
mod read;
mod row;
mod scan;
mod watch;

mod backup;
mod read_models;
mod store;

pub use rusqlite;

pub use self::backup::BackupError;
pub use self::error::SqliteError;
pub use self::open::OpenError;
pub use self::options::{Options, Synchronous};
pub use self::store::SqliteStore;
pub use self::transaction::Transaction;
