//! An event store on NATS JetStream: for programs that run NATS already, or that want events on three servers.
//!
//! [`NatsStore`] keeps the [contract](es_core::store) of all stores, with subscriptions, checkpoints, snapshots, read
//! models, leases, parked events and appends to several streams, but for one point: [event ids](#event-ids).
//! It is no [`InlineAppend`](es_core::store::InlineAppend): JetStream has no transaction over the log and a read model,
//! so projections follow the log.
//! It needs servers of version 2.12 or later and refuses others when it connects: 2.9, for one, lets several writers win
//! a race for one version of a stream.
//!
//! # What is where
//!
//! A store has a name, `es` unless [another is chosen](Options::name); say, `bank`.
//!
//! - The JetStream stream `bank` is the log. **One message is one append**, so its events are stored all or none.
//!   It never deletes, by age, size or by hand.
//! - The message of an append to `account-ada` has the subject `bank.account.ada`. Of other characters than ASCII
//!   letters, digits, `_` and `-`, each byte stands there as `=` and two hexadecimal digits.
//! - It holds a line of JSON, then the payloads as they were given; `nats stream view bank` shows both.
//! - The buckets `bank_snapshots` and `bank_leases` hold what their names say; `nats kv` shows them.
//! - The JetStream stream `bank_checkpoints` has a subject for each checkpoint and [read model](#read-models), and
//!   `bank_parked` one for each processor that has parked events.
//!
//! An append names the last message of its subject that it knows of, and the server refuses it if there is another: this
//! is the [expected version](es_core::ExpectedVersion), and also what makes sending again safe.
//! The position of an event is the sequence of its message times 1024, less the number of events that follow in the
//! message; so positions have gaps, and their order is that of JetStream.
//!
//! # Durability
//!
//! What is acknowledged is in the log of most of the servers that [keep the stream](Options::replicas); unless it is
//! said, these are three in a cluster.
//!
//! - **Three or five servers**: nothing is lost while most of them live, and the store goes on while they do, after up to
//!   ten seconds in which they choose another leader. It waits for that, as long as its
//!   [patience](Options::patience) lasts.
//! - **One server**: what is acknowledged survives the end of the server process, but not the loss of power.
//! - **When the disk has it** is a setting of the servers, which no client can see or change. As they come, they sync
//!   every two minutes (`sync_interval`), so servers that lose power *together* lose what was acknowledged since.
//!   Put them where that does not happen, or set `jetstream { sync_interval: always }`. On a server alone that is the
//!   only way to survive a loss of power; it makes appends many times slower there, and less so in a cluster.
//! - A stream that JetStream may acknowledge before it is written (`persist_mode: async`) is refused.
//!
//! An append whose answer was lost is sent again by the store itself; what it expects makes sure that it is there once.
//! When patience ends, the error is [`NatsError::NoAnswer`], and whoever sends the same events again learns what became
//! of them, however much later: it does not depend on the time for which JetStream remembers ids of messages.
//!
//! # Event ids
//!
//! JetStream can prove that nothing was added to a *subject*, not that an id is new in the whole log.
//! So rules 15 to 17 hold **within each stream**: an append sent again is found there, and an id that is stored there is
//! refused. An id that *another* stream has is not noticed; sending an event to two streams under one id is left to the
//! program to avoid.
//! Whoever makes ids with [`UuidV7`](es_core::UuidV7), as repositories do, never does so by accident.
//!
//! The message of an append says the highest id of its stream so far, so new ids that are higher than all before, as
//! those of version 7 mostly are, cost no search. Others are searched for from where they may be: with random ids
//! (version 4), in all of the stream.
//!
//! # Several streams
//!
//! [`append_multi`](es_core::store::MultiStreamAppend) is an atomic batch of messages. It is slower than an append by far
//! on a server alone, where JetStream syncs each batch; on three servers it is nearly as fast.
//! A stream that is only checked has a message without events, of the subject `bank.checks`, which no reader sees but
//! which takes a place in the sequence.
//!
//! # Read models
//!
//! JetStream finds messages by subject and by nothing else, so a read model is a log of its changes, and **its rows are in
//! the memory of each process that uses it**: one that does not fit there belongs into another store.
//! The first use reads it; a read afterwards asks the leader whether there is more, which is one request whatever is
//! read, and sees rows and checkpoint of one commit.
//!
//! A commit is one message with its checkpoint, refused if another came first, and so all or nothing. One that is larger
//! than a message is several, which count from the last of them on: until then, and if the writer stops before, nobody
//! sees any. There is no limit but that a row fits into a message.
//! After some hundred commits all rows are written anew and what was before is purged, so a read model takes about twice
//! its rows in JetStream.
//!
//! What is parked is kept in the same way.
//!
//! # Leases
//!
//! A lease ends by the clock of the server that leads the bucket, which is asked each time; the clock of the program
//! plays no part. When another server leads, its clock counts: keep the servers' clocks together, as is usual, and take
//! leases that last much longer than the clocks differ, and than an election takes.
//! A grant and a renewal are refused by the server if somebody else was granted the lease meanwhile, whatever the clocks
//! show; so at no time are there two grants of one name that both can be renewed, and the token tells which is later.
//!
//! # Limits
//!
//! An append is one message: 1024 events at most, and with its metadata no more bytes than `max_payload` of the servers,
//! 1 MiB unless it is set. So is a snapshot, a lease, a parked event, and a row of a read model.
//! A store is one JetStream stream, which has one leader: the log is in one order, and grows as fast as one stream can.
//! More is several of them.
//!
//! # Several JetStream streams
//!
//! Stores of several names are one [`PartitionedStore`](es_core::store::PartitionedStore), over one connection if you
//! like: each category, or each part of the ids, in a JetStream stream of its own, with its own leader, replicas and disk.
//!
//! ```no_run
//! use es_core::store::{Partition, PartitionedStore};
//! use es_nats_store::{NatsStore, async_nats};
//!
//! # async fn connected() -> Result<(), Box<dyn std::error::Error>> {
//! let client = async_nats::connect("nats://n1:4222,nats://n2:4222,nats://n3:4222").await?;
//! let main = NatsStore::options().name("bank").open(client.clone()).await?;
//! let audit = NatsStore::options().name("bank-audit").open(client).await?;
//! let bank = PartitionedStore::new([
//!     Partition::new("main", main).slots(..),
//!     Partition::new("audit", audit).categories(["audit"]),
//! ])?;
//! bank.check_placement().await?;
//! # Ok(()) }
//! ```
//!
//! **There is then no global order.** Each JetStream stream orders its own messages and knows nothing of the others, so a
//! position counts in one of them, a projection runs once for each with a checkpoint in each, and a read of the log that
//! would need two is refused. An append to several streams is a batch of one JetStream stream, and refused across two.
//! What that means for read models and processes stands with the store.
//!
//! Several streams on one machine share its disk and its processors: on one of two cores, two streams took 0.85 to 1.22
//! times as many appends as one, which is no gain. They are for leaders on several machines, for replicas and sizes that
//! differ, and to keep what floods the log away from the rest. Measure yours with
//! `cargo run --release -p es-nats-store --example throughput -- partitions`.
//!
//! The store runs on tokio.

mod error;
mod options;

// What stands where.
mod places;
mod subject;

// The format of a message.
mod commit;
mod milestones;

// JetStream.
mod attempts;
mod connect;
mod fetch;
mod js;
mod setup;

// Writing.
mod append;
mod multi;
mod tails;

// Reading.
mod read_log;
mod read_stream;
mod watch;

// Keys and values.
mod bucket;
mod leases;
mod snapshots;

// Tables: rows and a checkpoint.
mod change;
mod checkpoints;
mod lasts;
mod parking;
mod read_models;
mod rows;
mod tables;
mod view;

mod store;

pub use async_nats;

pub use self::connect::ConnectError;
pub use self::error::NatsError;
pub use self::options::Options;
pub use self::store::NatsStore;
