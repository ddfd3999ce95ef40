//! The snapshots of the memory store. They know nothing of the log, whose lock they never take.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use es_core::store::{Snapshot, SnapshotError, SnapshotStore};
use es_core::{Fingerprint, Payload, StreamId, Version};

use crate::store::MemoryStore;

/// How many fingerprints are kept of a stream: those of two programs during a deploy, and one to go back to.
const FINGERPRINTS: usize = 3;

/// For each stream one snapshot of each fingerprint, that which was saved last at the end.
#[derive(Default)]
pub(crate) struct Snapshots(Mutex<HashMap<StreamId, Vec<Snapshot>>>);

impl Snapshots {
    fn kept(&self) -> MutexGuard<'_, HashMap<StreamId, Vec<Snapshot>>> {
        // Nothing that runs under the lock panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rules S1 and S3 to S5.
    fn save(&self, mut snapshot: Snapshot) {
        // The payload may be a small part of a large buffer, which would be kept with it.
        snapshot.payload = Payload::copy_from_slice(&snapshot.payload);
        let mut kept = self.kept();
        let of_stream = kept.entry(snapshot.stream.clone()).or_default();
        let same = of_stream.iter().position(|other| other.fingerprint == snapshot.fingerprint);
        let latest = match same.map(|at| of_stream.remove(at)) {
            Some(newer) if newer.version > snapshot.version => newer,
            _ => snapshot,
        };
        of_stream.push(latest);
        if of_stream.len() > FINGERPRINTS {
            of_stream.remove(0);
        }
    }

    /// Rule S2.
    fn load(&self, stream: &StreamId, fingerprint: Fingerprint, up_to: Version) -> Option<Snapshot> {
        let kept = self.kept();
        let fits = |snapshot: &&Snapshot| snapshot.fingerprint == fingerprint && snapshot.version <= up_to;
        kept.get(stream)?.iter().find(fits).cloned()
    }

    /// Rule S6.
    fn delete(&self, stream: &StreamId) {
        self.kept().remove(stream);
    }
}

#[async_trait]
impl SnapshotStore for MemoryStore {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.snapshots().save(snapshot);
        Ok(())
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        Ok(self.snapshots().load(stream, fingerprint, up_to))
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.snapshots().delete(stream);
        Ok(())
    }
}
