//! The capability to keep snapshots. It knows bytes and fingerprints, no state, and nothing of the events: whether a
//! snapshot may be used is for the reader to prove.

use std::error::Error;

use async_trait::async_trait;

use crate::envelope::Payload;
use crate::fingerprint::Fingerprint;
use crate::id::EventId;
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// The state of an aggregate after one of its events, as bytes.
///
/// It names that event, so that a reader can see whether the log still has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The stream of the aggregate.
    pub stream: StreamId,
    /// The version of the last event that made the state.
    pub version: Version,
    /// The position of that event.
    pub position: Position,
    /// The id of that event.
    pub event_id: EventId,
    /// The time of that event.
    pub recorded_at: Timestamp,
    /// The latest time of all events that made the state; clocks go back, so it may be another event's.
    pub latest_at: Timestamp,
    /// What the state depends on beside the events.
    pub fingerprint: Fingerprint,
    /// The state.
    pub payload: Payload,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// A store of snapshots; it may be the store of the events, or any other.
///
/// Snapshots spare work and are nothing else: losing them, all or some, changes no result.
/// Two versions of a program have two fingerprints, and run beside each other during a deploy without taking each
/// other's snapshots away.
///
/// # Contract
///
/// - S1. A snapshot is kept as it is given, and is seen whole or not at all.
/// - S2. [`load_snapshot`](Self::load_snapshot) gives the one of that stream and that fingerprint which has the highest
///   version at or below the given one, of those that are kept.
/// - S3. Of a stream and a fingerprint, the one with the highest version that was saved is kept: saving a lower one
///   later, late or out of order, takes nothing away.
///   Older ones may be kept as well, or forgotten.
/// - S4. Saving a version again replaces what was saved for it.
/// - S5. Of a stream, at least the two fingerprints under which something was saved last are kept; those before them may
///   be forgotten, so that every release does not leave a snapshot of every stream.
/// - S6. [`delete_snapshots`](Self::delete_snapshots) forgets all of a stream, under whatever fingerprint, and nothing
///   else; what is not there need not be deleted, and is no error.
/// - S7. Nothing here looks at events or changes them, and no append waits for a snapshot.
///
/// Works as a concrete type and behind `Arc`, `Box` and `&`, also as `dyn SnapshotStore`.
///
/// ```
/// use es_core::store::{Snapshot, SnapshotStore};
/// use es_core::{Fingerprint, Position, StreamId, Timestamp, Version};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let snapshot = Snapshot {
///     stream: StreamId::new("account", "ada")?,
///     version: Version::new(200),
///     position: Position::new(7_314),
///     event_id: "018f4d3c-0000-7000-8000-000000000001".parse()?,
///     recorded_at: Timestamp::UNIX_EPOCH,
///     latest_at: Timestamp::UNIX_EPOCH,
///     fingerprint: Fingerprint::of(["{balance: u64}"]),
///     payload: r#"{"balance":70}"#.into(),
///     taken_at: Timestamp::UNIX_EPOCH,
/// };
/// store.save_snapshot(snapshot.clone()).await?;
///
/// let (stream, fingerprint) = (&snapshot.stream, snapshot.fingerprint);
/// assert_eq!(store.load_snapshot(stream, fingerprint, Version::MAX).await?, Some(snapshot.clone()));
/// assert_eq!(store.load_snapshot(stream, Fingerprint::of(["another"]), Version::MAX).await?, None);
/// # Ok(()) }
/// ```
#[async_trait]
pub trait SnapshotStore: Send + Sync {
    /// Keeps a snapshot. Rules S1 and S3 to S5.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError>;

    /// The latest snapshot at or below `up_to`. Rule S2.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError>;

    /// Forgets all snapshots of a stream. Rule S6.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError>;
}

/// Why a store of snapshots did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The store failed.
    #[error("the store failed at the snapshots of stream `{stream}`")]
    Store {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}
