//! The capabilities of the store below, with the same faults.

use async_trait::async_trait;
use es_core::store::{
    CheckpointError, CheckpointName, CheckpointStore, EventStore, MultiAppend, MultiAppendError, MultiAppended,
    MultiStreamAppend, ReadError, Snapshot, SnapshotError, SnapshotStore, Subscribe,
};
use es_core::{Fingerprint, Position, StreamId, Version};

use super::chaos::{ChaosStore, Late, unread};
use super::fault::{ChaosError, Operation};

struct LateMulti(MultiAppend);

#[async_trait]
impl<S: MultiStreamAppend> Late<S> for LateMulti {
    async fn call(self: Box<Self>, store: &S) {
        drop(store.append_multi(self.0).await);
    }
}

#[async_trait]
impl<S: Subscribe> Subscribe for ChaosStore<S> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        let call = || self.store.appended_after(position);
        self.disturb(Operation::AppendedAfter, call, || None).await.map_err(unread)?
    }
}

#[async_trait]
impl<S: MultiStreamAppend> MultiStreamAppend for ChaosStore<S> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let late = || Some(Box::new(LateMulti(batch.clone())) as Box<dyn Late<S>>);
        let call = || self.store.append_multi(batch.clone());
        let fails = |cause| MultiAppendError::Store { cause: Box::new(cause) };
        self.disturb(Operation::AppendMulti, call, late).await.map_err(fails)?
    }
}

#[async_trait]
impl<S: CheckpointStore + EventStore> CheckpointStore for ChaosStore<S> {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let call = || self.store.load_checkpoint(name);
        self.disturb(Operation::LoadCheckpoint, call, || None).await.map_err(lost)?
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let call = || self.store.save_checkpoint(name, expected, position);
        self.disturb(Operation::SaveCheckpoint, call, || None).await.map_err(lost)?
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let call = || self.store.reset_checkpoint(name, expected, position);
        self.disturb(Operation::ResetCheckpoint, call, || None).await.map_err(lost)?
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let call = || self.store.delete_checkpoint(name);
        self.disturb(Operation::DeleteCheckpoint, call, || None).await.map_err(lost)?
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let call = || self.store.list_checkpoints();
        self.disturb(Operation::ListCheckpoints, call, || None).await.map_err(lost)?
    }
}

fn lost(cause: ChaosError) -> CheckpointError {
    CheckpointError::Store { cause: Box::new(cause) }
}

#[async_trait]
impl<S: SnapshotStore + EventStore> SnapshotStore for ChaosStore<S> {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let stream = snapshot.stream.clone();
        let call = || self.store.save_snapshot(snapshot.clone());
        self.disturb(Operation::SaveSnapshot, call, || None).await.map_err(|cause| missed(&stream, cause))?
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let call = || self.store.load_snapshot(stream, fingerprint, up_to);
        self.disturb(Operation::LoadSnapshot, call, || None).await.map_err(|cause| missed(stream, cause))?
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        let call = || self.store.delete_snapshots(stream);
        self.disturb(Operation::DeleteSnapshots, call, || None).await.map_err(|cause| missed(stream, cause))?
    }
}

fn missed(stream: &StreamId, cause: ChaosError) -> SnapshotError {
    SnapshotError::Store { stream: stream.clone(), cause: Box::new(cause) }
}
