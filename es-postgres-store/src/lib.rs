//! An event store in PostgreSQL 13 or later: the store for several processes on several machines.
//!
//! [`PostgresStore`] keeps the [contract](es_core::store) of all stores, with every capability: subscriptions,
//! checkpoints, snapshots, appends to several streams, read models and tables of yours, also inside the transaction of an
//! append, leases by the clock of the server, and parked events.
//!
//! - **One order for all.** A reader that has seen a position never later finds an event before it, whatever was in
//!   flight; and waits for nothing but appends: no other transaction of the server holds it up.
//! - **Group commit.** Appends that wait at the same time are one call of the server and one commit.
//!   A lone writer pays one round trip.
//! - **Sent again, stored once.** When a connection is lost, the outcome of an append is not known; sending it again tells.
//! - **Your own transactions.** [`PostgresStore::append_in`] puts events beside changes of your tables, and
//!   [`PostgresStore::begin`] a read model beside its checkpoint; a [projection](Transaction) does so by itself.
//! - **Plain tables.** `SELECT * FROM es.event_log` shows the log with readable times, metadata, and payloads as `jsonb`,
//!   and `es.read_model` the rows of read models.
//!   Events are kept from `UPDATE`, `DELETE` and `TRUNCATE` by triggers, and by rights, if users have no more than they need.
//!
//! # Versions of the server
//!
//! 13 and later. The tests run on 15; with `TEST_POSTGRES=13` they run on 13, which was done before this version too, and
//! the benchmarks run on 17. 14, 16 and 18 were not tried; the SQL is that of 13.
//! An older server is refused, and so is a standby: with several hosts in the URL and `target_session_attrs=read-write`,
//! the store finds the primary, and the new one after a failover.
//! What an asynchronous standby had not received is lost with the primary, and a consumer may have seen it: see
//! [after a failover](#after-a-failover).
//!
//! # After a failover
//!
//! A standby that was promoted before it had received every commit has lost appends that were acknowledged, and may give
//! their positions again, to other events. The store notices that another server answers, and believes only this one where
//! the log ends. But it cannot know what programs have read before: one that has come to position 100 reads on after 100,
//! and skips the new events at or before it; aggregates and read models that have seen lost events keep them. So do this
//! after such a failover, before anything is appended:
//!
//! - Restart the programs that follow the log, keep aggregates in memory, or append in transactions of their own.
//! - Reset each checkpoint that is beyond the end of the log, which `SELECT es.head()` tells.
//! - Make anew what was made of lost events: read models, and snapshots.
//!
//! With `synchronous_standby_names`, and `synchronous_commit` not below `on`, no acknowledged append is lost, and nothing of
//! this is needed. A crash of a server with `fsync = off` or `synchronous_commit = off` is such a loss, too.
//!
//! # How long keys may be
//!
//! An index of PostgreSQL holds entries of some 2,700 bytes. Ids of streams, names of events and of checkpoints (so of
//! leases and read models, too) have lower limits of their own. The key of a row of a read model has at most 2,600 bytes,
//! and so have the name and the value of an index entry together with the key; the characters 0 and 1 count twice.
//! A longer one is [`PostgresError::TooLong`], and nothing of the commit is written: take a hash of it instead.
//! What is asked for, and the keys of parked events, may be of any length.
//!
//! # Connections
//!
//! A store has one connection that writes, one that listens while somebody waits for events, and up to
//! [ten](Options::connections) for everything else. Lost ones are made anew; there is nothing to restart.
//! The URL is that of [`tokio_postgres::Config`], with several hosts, if `target_session_attrs=read-write` chooses the
//! primary. Times are limited by [`Options::statement_timeout`] and [`Options::connect_timeout`].
//!
//! Appends that wait for streams which others hold use half of these connections at most; more of them wait their turn,
//! for no longer than the timeout of statements. So reads, and the other calls of a transaction that holds a stream, go on.
//!
//! Behind a pooler that gives each transaction another connection, prepared statements must be supported (PgBouncer
//! 1.21 or later). Being told of events by other processes does not work there; they are found by
//! [looking](Options::poll_interval).
//!
//! # Encryption
//!
//! With the feature `rustls`, a URL that says `sslmode=require` encrypts, and refuses a server whose certificate the
//! operating system does not trust, or that has another name; [`Options`] takes a `rustls::ClientConfig` for other
//! authorities. Without the feature, such a URL is refused.
//!
//! # Rights
//!
//! The schema is made by whoever opens the store first, if he may create it; or from [`schema_sql`], for programs that
//! may not and open it with [`Options::without_migration`]. These need no more than:
//!
//! ```sql
#![doc = include_str!("../../docs/postgres-roles.sql")]
//! ```
//!
//! # What waits for what
//!
//! A transaction that has appended holds its streams, and the log behind its events, until it ends.
//! Do nothing in it that takes long, and set `idle_in_transaction_session_timeout` for users who might.
//! So an event is in its stream as soon as it is appended, and in the log as soon as the appends that took their
//! positions before it have ended.
//!
//! An append with [inline projections](es_core::store::InlineAppend) waits for the end of the appends that took their
//! positions before it, since its projections are to see them first; and for other appends of that kind, of which there
//! is one at a time. Appends without projections do not wait for it, but for the streams it appends to.
//! They are not written in groups: a projection may refuse its append, and that of one is not to undo that of another. So
//! they are as fast as commits follow each other, however many wait; where many append at once, let the projection follow
//! the log instead.
//!
//! # Large logs
//!
//! `LARGE_LOG=5000000 cargo test --release -p es-postgres-store --test large -- --nocapture` makes a log of so many events
//! and tells what appends and pages cost at its beginning and at its end. With 20 million, in 185 s of appends by one
//! writer in batches of 10,000, and without the disk: an append took 0.21 ms, 100 events of a stream 0.25 ms, 100 of the
//! middle of the log 0.45 ms, and no more than with 10,000; all of the log was read in 30 s.
//! Beside its payload, an event without metadata takes 134 bytes in the table and 158 in its indexes, as measured
//! with these. Appends and readers look up places in indexes, which get deeper very slowly; what grows with
//! the log is the time of a backup, of a `VACUUM`, and of a restore.
//!
//! The table `events` is one table, and not partitioned: a unique index of a partitioned table must hold the column that
//! it is partitioned by, and then neither ids nor versions would be unique in the whole log any more, which the store
//! relies on. Where one table is too large, divide it by stream:
//!
//! - A [`PartitionedStore`](es_core::store::PartitionedStore) divides streams among stores in schemas or databases of
//!   their own, by category or by the hash of their ids. Each has tables, locks and a log of its own, so its indexes are as
//!   deep as its own part, its `VACUUM` and its backup take as long, and a transaction in flight holds back no log but that of
//!   its schema. There is no order between them; an append to several streams, and a transaction with
//!   [`append_in`](PostgresStore::append_in), is about one of them: that of
//!   [`partition_of`](es_core::store::PartitionedStore::partition_of) the stream.
//!   Each store has [connections](#connections) of its own.
//! - One schema for each tenant or region, as a store by itself, where nothing is asked about all of them.
//! - Old events can lie on another disk without being moved by the store: put the schema's tablespace where there is room,
//!   and its indexes (`ALTER INDEX … SET TABLESPACE`) where it is fast.
//! - `es_core::copy` copies a store through a transform, to leave out streams that are closed for good.
//!
//! ```no_run
//! use es_core::store::{Partition, PartitionedStore};
//! use es_postgres_store::PostgresStore;
//!
//! # async fn opened() -> Result<(), Box<dyn std::error::Error>> {
//! let schema = async |name: &str| PostgresStore::options().schema(name).connect("postgres://host/bank").await;
//! let bank = PartitionedStore::new([
//!     Partition::new("west", schema("west").await?).slots(..512),
//!     Partition::new("east", schema("east").await?).slots(512..),
//! ])?;
//! bank.check_placement().await?;
//! # Ok(()) }
//! ```
//!
//! Freezing costs no second writing of old events if it is done while they are in memory: set
//! `autovacuum_vacuum_insert_scale_factor = 0` and `autovacuum_vacuum_insert_threshold = 1000000` for the table.

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
mod failures;
mod inline;
mod leases;
mod plan;
mod snapshots;
mod task;
mod transact;
mod transaction;
mod writer;

// Reading.
mod kinds;
mod read;
mod row;
mod text;
mod watch;

// Read models.
mod read_models;
mod rows;
mod scan;

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
