//! An event store on NATS JetStream.

mod error;
mod options;

// What stands where.
mod places;
mod subject;

// The format of a message.
mod commit;
mod milestones;

// JetStream.
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
mod checkpoints;
mod snapshots;

mod store;

pub use async_nats;

pub use self::connect::ConnectError;
pub use self::error::NatsError;
pub use self::options::Options;
pub use self::store::NatsStore;
