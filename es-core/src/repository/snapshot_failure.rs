//! What goes wrong with snapshots while loads and commands go well.

use super::load::LoadError;
use crate::codec::CodecError;
use crate::store::SnapshotError;
use crate::stream::StreamId;
use crate::version::Version;

/// Why a snapshot was not used, or not taken.
///
/// No result depends on it: what cannot be loaded is replayed, and a command has succeeded before its snapshot is taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotFailure {
    /// The store could not be asked for one.
    #[error("no snapshot of stream `{stream}` could be loaded")]
    Load {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: SnapshotError,
    },
    /// Its fingerprint fits, but its bytes do not.
    #[error("the snapshot of stream `{stream}` at version {version} cannot be decoded")]
    Decode {
        /// The stream.
        stream: StreamId,
        /// Its version.
        version: Version,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// The store has given one that was not asked for.
    #[error("asked for a snapshot of stream `{stream}`, the store gave that of `{given}` at version {version}")]
    NotAskedFor {
        /// The stream.
        stream: StreamId,
        /// The stream of what was given.
        given: StreamId,
        /// The version of what was given.
        version: Version,
    },
    /// The log does not have the event that it was taken after, because an older log was restored, or it is another's.
    #[error(
        "the snapshot of stream `{stream}` at version {version} was taken after an event that the log does not have"
    )]
    NotOfThisLog {
        /// The stream.
        stream: StreamId,
        /// Its version.
        version: Version,
    },
    /// Those that are not of this log could not be deleted.
    #[error("the snapshots of stream `{stream}` could not be deleted")]
    Delete {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: SnapshotError,
    },
    /// The events that it would have been taken after could not be read.
    #[error("no snapshot of stream `{stream}` was taken, because its events could not be read")]
    Read {
        /// The stream.
        stream: StreamId,
        /// Why.
        #[source]
        cause: LoadError,
    },
    /// The state could not be encoded.
    #[error("no snapshot of stream `{stream}` was taken at version {version}, because its state could not be encoded")]
    Encode {
        /// The stream.
        stream: StreamId,
        /// The version.
        version: Version,
        /// The error of the codec.
        #[source]
        cause: CodecError,
    },
    /// It could not be saved.
    #[error("the snapshot of stream `{stream}` at version {version} could not be saved")]
    Save {
        /// The stream.
        stream: StreamId,
        /// The version.
        version: Version,
        /// The error of the store.
        #[source]
        cause: SnapshotError,
    },
}
