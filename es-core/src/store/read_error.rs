//! Why nothing could be read.

use std::error::Error;

use crate::name::EventName;
use crate::stream::StreamId;
use crate::version::Version;

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store failed.
    #[error("the store failed to read")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A stored event could not be brought to what it is read as today.
    #[error("event {version} of stream `{stream}` cannot be read: the upcast of `{name}` failed")]
    Upcast {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The stored name of the event.
        name: EventName,
        /// The error of the upcaster.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A stored event is read together with those before it, and the store does not have them all.
    #[error(
        "event {version} of stream `{stream}` cannot be read: `{name}` depends on those before it, of which some after event {seen} are missing"
    )]
    ContextUnavailable {
        /// The stream.
        stream: StreamId,
        /// The version of the event.
        version: Version,
        /// The stored name of the event.
        name: EventName,
        /// The version up to which the store gave the events of the stream without a gap.
        seen: Version,
    },
    /// The log of several [partitions](super::PartitionedStore) was asked for.
    #[error(
        "the log of partitions {} has no common order: read each by itself, with a checkpoint of its own",
        partitions.join(", ")
    )]
    SeveralPartitions {
        /// The names of those that may have what was asked for.
        partitions: Vec<String>,
    },
}
