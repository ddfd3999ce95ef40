//! The capabilities of the store below, with the same faults.

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, InlineAppend,
    InlineProjections, LoadedRows, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadError,
    ReadModelEntry, ReadModelError, ReadModelStore, RowPage, RowWrite, Scan, Snapshot, SnapshotError, SnapshotStore,
    Subscribe,
};
use es_core::{ExpectedVersion, Fingerprint, NewEvent, Position, StreamId, Version};

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

#[async_trait]
impl<S: ReadModelStore + EventStore> ReadModelStore for ChaosStore<S> {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let call = || self.store.load_rows(model, keys);
        self.disturb(Operation::LoadRows, call, || None).await.map_err(gone)?
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        let call = || self.store.scan_rows(model, scan.clone());
        self.disturb(Operation::ScanRows, call, || None).await.map_err(gone)?
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        let call = || self.store.commit_rows(model, writes.clone(), expected, position);
        self.disturb(Operation::CommitRows, call, || None).await.map_err(gone)?
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let call = || self.store.drop_read_model(model);
        self.disturb(Operation::DropReadModel, call, || None).await.map_err(gone)?
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let call = || self.store.list_read_models();
        self.disturb(Operation::ListReadModels, call, || None).await.map_err(gone)?
    }
}

fn gone(cause: ChaosError) -> ReadModelError {
    ReadModelError::Store { cause: Box::new(cause) }
}

struct LateInline(StreamId, ExpectedVersion, Vec<NewEvent>, InlineProjections);

#[async_trait]
impl<S: InlineAppend> Late<S> for LateInline {
    async fn call(self: Box<Self>, store: &S) {
        let Self(stream, expected, events, projections) = *self;
        drop(store.append_inline(&stream, expected, events, &projections).await);
    }
}

struct LateMultiInline(MultiAppend, InlineProjections);

#[async_trait]
impl<S: InlineAppend> Late<S> for LateMultiInline {
    async fn call(self: Box<Self>, store: &S) {
        drop(store.append_multi_inline(self.0, &self.1).await);
    }
}

#[async_trait]
impl<S: InlineAppend> InlineAppend for ChaosStore<S> {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        let late = || {
            let late = LateInline(stream.clone(), expected, events.clone(), projections.clone());
            Some(Box::new(late) as Box<dyn Late<S>>)
        };
        let call = || self.store.append_inline(stream, expected, events.clone(), projections);
        let fails = |cause| AppendError::Store { stream: stream.clone(), cause: Box::new(cause) };
        self.disturb(Operation::AppendInline, call, late).await.map_err(fails)?
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        let late = || Some(Box::new(LateMultiInline(batch.clone(), projections.clone())) as Box<dyn Late<S>>);
        let call = || self.store.append_multi_inline(batch.clone(), projections);
        let fails = |cause| MultiAppendError::Store { cause: Box::new(cause) };
        self.disturb(Operation::AppendMultiInline, call, late).await.map_err(fails)?
    }
}
