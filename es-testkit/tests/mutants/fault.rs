//! A memory store with a fault: each method is the store's own unless the fault says otherwise.

use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, EventStore, EventVisitor, FailureError,
    FailureStore, InlineAppend, InlineProjections, Lease, LeaseError, LeaseStore, Limits, LoadedRows, LogPage,
    MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey,
    ReadError, ReadLog, ReadModelEntry, ReadModelError, ReadModelStore, ReadStream, RowPage, RowWrite, Scan, Snapshot,
    SnapshotError, SnapshotStore, StreamPage, Subscribe,
};
use es_core::{ExpectedVersion, Fingerprint, NewEvent, Position, RecordedEvent, StreamId, Timestamp, Version};
use es_memory_store::MemoryStore;

use crate::transacting::alone;

type Saved = Result<(), CheckpointError>;
type Loaded = Result<LoadedRows, ReadModelError>;

/// Shows what was read.
pub(crate) fn show(events: &[RecordedEvent], visit: &mut EventVisitor<'_>) {
    if !events.is_empty() {
        let _ = visit(events);
    }
}

/// What is wrong with a store.
#[async_trait]
pub(crate) trait Fault: Send + Sync + 'static {
    async fn append(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        store.append(stream, expected, events).await
    }

    async fn read_stream(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        range: ReadStream,
    ) -> Result<StreamPage, ReadError> {
        store.read_stream(stream, range).await
    }

    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Result<LogPage, ReadError> {
        store.read_log(range).await
    }

    async fn visit_stream(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        let mut page = self.read_stream(store, stream, range).await?;
        show(&std::mem::take(&mut page.events), visit);
        Ok(page)
    }

    async fn visit_log(
        &self,
        store: &MemoryStore,
        range: ReadLog,
        visit: &mut EventVisitor<'_>,
    ) -> Result<LogPage, ReadError> {
        let mut page = self.read_log(store, range).await?;
        show(&std::mem::take(&mut page.events), visit);
        Ok(page)
    }

    fn limits(&self, store: &MemoryStore) -> Limits {
        store.limits()
    }

    async fn appended_after(&self, store: &MemoryStore, position: Position) -> Result<(), ReadError> {
        store.appended_after(position).await
    }

    async fn append_multi(&self, store: &MemoryStore, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        store.append_multi(batch).await
    }

    async fn load(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        store.load_checkpoint(name).await
    }

    async fn save(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.save_checkpoint(name, from, to).await
    }

    async fn reset(&self, store: &MemoryStore, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        store.reset_checkpoint(name, from, to).await
    }

    async fn delete(&self, store: &MemoryStore, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        store.delete_checkpoint(name).await
    }

    async fn list(&self, store: &MemoryStore) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        store.list_checkpoints().await
    }

    async fn save_snapshot(&self, store: &MemoryStore, snapshot: Snapshot) -> Result<(), SnapshotError> {
        store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        store.load_snapshot(stream, fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, store: &MemoryStore, stream: &StreamId) -> Result<(), SnapshotError> {
        store.delete_snapshots(stream).await
    }

    async fn load_rows(&self, store: &MemoryStore, model: &CheckpointName, keys: &[String]) -> Loaded {
        store.load_rows(model, keys).await
    }

    async fn scan(&self, store: &MemoryStore, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        store.scan_rows(model, scan).await
    }

    async fn commit(
        &self,
        store: &MemoryStore,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        from: Option<Position>,
        to: Position,
    ) -> Result<(), ReadModelError> {
        store.commit_rows(model, writes, from, to).await
    }

    async fn drop_model(&self, store: &MemoryStore, model: &CheckpointName) -> Result<bool, ReadModelError> {
        store.drop_read_model(model).await
    }

    async fn list_models(&self, store: &MemoryStore) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        store.list_read_models().await
    }

    async fn append_inline(
        &self,
        store: &MemoryStore,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        store.append_inline(stream, expected, events, projections).await
    }

    async fn append_multi_inline(
        &self,
        store: &MemoryStore,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        store.append_multi_inline(batch, projections).await
    }

    async fn acquire_lease(
        &self,
        store: &MemoryStore,
        name: &CheckpointName,
        owner: &str,
        ttl: Duration,
    ) -> Result<Lease, LeaseError> {
        store.acquire_lease(name, owner, ttl).await
    }

    async fn renew_lease(&self, store: &MemoryStore, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        store.renew_lease(lease, ttl).await
    }

    async fn release_lease(&self, store: &MemoryStore, lease: &Lease) -> Result<(), LeaseError> {
        store.release_lease(lease).await
    }

    async fn list_leases(&self, store: &MemoryStore) -> Result<Vec<Lease>, LeaseError> {
        store.list_leases().await
    }

    async fn claim_parking(&self, store: &MemoryStore, of: &CheckpointName) -> Result<u64, FailureError> {
        store.claim_parking(of).await
    }

    async fn park_event(
        &self,
        store: &MemoryStore,
        of: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        store.park_event(of, token, event, capacity).await
    }

    async fn note_parked(
        &self,
        store: &MemoryStore,
        of: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        store.note_parked(of, token, position, errors, at).await
    }

    async fn remove_parked(
        &self,
        store: &MemoryStore,
        of: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        store.remove_parked(of, token, position).await
    }

    fn transacting(&self) -> Transacting {
        Transacting::Sound
    }

    async fn parked_events(
        &self,
        store: &MemoryStore,
        of: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        store.parked_events(of, key, after, limit).await
    }

    async fn parked_keys(&self, store: &MemoryStore, of: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        store.parked_keys(of).await
    }

    async fn count_parked(&self, store: &MemoryStore, of: &CheckpointName) -> Result<ParkedCount, FailureError> {
        store.count_parked(of).await
    }
}

/// What is wrong with the transactions of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transacting {
    Sound,
    /// What is saved is there before the end, whatever the end is.
    SavesAtOnce,
    /// The last save is not committed.
    ForgetsTheLast,
    /// What is expected is not looked at.
    ExpectsNothing,
    /// Others go on meanwhile, and what is committed replaces what they have done.
    HoldsNobody,
}

/// A store with a fault.
pub(crate) struct Mutant<F> {
    pub(crate) store: MemoryStore,
    pub(crate) fault: F,
}

#[async_trait]
impl<F: Fault> EventStore for Mutant<F> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.fault.append(&self.store, stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.fault.read_stream(&self.store, stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.fault.read_log(&self.store, range).await
    }

    async fn visit_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        self.fault.visit_stream(&self.store, stream, range, visit).await
    }

    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        self.fault.visit_log(&self.store, range, visit).await
    }

    fn limits(&self) -> Limits {
        self.fault.limits(&self.store)
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl<F: Fault> Subscribe for Mutant<F> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.fault.appended_after(&self.store, position).await
    }
}

#[async_trait]
impl<F: Fault> MultiStreamAppend for Mutant<F> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        self.fault.append_multi(&self.store, batch).await
    }
}

#[async_trait]
impl<F: Fault> CheckpointStore for Mutant<F> {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.fault.load(&self.store, name).await
    }

    async fn save_checkpoint(&self, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        let _alone = alone().await;
        self.fault.save(&self.store, name, from, to).await
    }

    async fn reset_checkpoint(&self, name: &CheckpointName, from: Option<Position>, to: Position) -> Saved {
        let _alone = alone().await;
        self.fault.reset(&self.store, name, from, to).await
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.fault.delete(&self.store, name).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        self.fault.list(&self.store).await
    }
}

#[async_trait]
impl<F: Fault> SnapshotStore for Mutant<F> {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.fault.save_snapshot(&self.store, snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        self.fault.load_snapshot(&self.store, stream, fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.fault.delete_snapshots(&self.store, stream).await
    }
}

#[async_trait]
impl<F: Fault> ReadModelStore for Mutant<F> {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Loaded {
        self.fault.load_rows(&self.store, model, keys).await
    }

    async fn scan_rows(&self, model: &CheckpointName, scan: Scan) -> Result<RowPage, ReadModelError> {
        self.fault.scan(&self.store, model, scan).await
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        from: Option<Position>,
        to: Position,
    ) -> Result<(), ReadModelError> {
        self.fault.commit(&self.store, model, writes, from, to).await
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        self.fault.drop_model(&self.store, model).await
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        self.fault.list_models(&self.store).await
    }
}

#[async_trait]
impl<F: Fault> LeaseStore for Mutant<F> {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        self.fault.acquire_lease(&self.store, name, owner, ttl).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        self.fault.renew_lease(&self.store, lease, ttl).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.fault.release_lease(&self.store, lease).await
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        self.fault.list_leases(&self.store).await
    }
}

#[async_trait]
impl<F: Fault> InlineAppend for Mutant<F> {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        self.fault.append_inline(&self.store, stream, expected, events, projections).await
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        self.fault.append_multi_inline(&self.store, batch, projections).await
    }
}

#[async_trait]
impl<F: Fault> FailureStore for Mutant<F> {
    async fn claim_parking(&self, of: &CheckpointName) -> Result<u64, FailureError> {
        self.fault.claim_parking(&self.store, of).await
    }

    async fn park_event(
        &self,
        of: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        self.fault.park_event(&self.store, of, token, event, capacity).await
    }

    async fn note_parked(
        &self,
        of: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        self.fault.note_parked(&self.store, of, token, position, errors, at).await
    }

    async fn remove_parked(&self, of: &CheckpointName, token: u64, position: Position) -> Result<bool, FailureError> {
        self.fault.remove_parked(&self.store, of, token, position).await
    }

    async fn parked_events(
        &self,
        of: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        self.fault.parked_events(&self.store, of, key, after, limit).await
    }

    async fn parked_keys(&self, of: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        self.fault.parked_keys(&self.store, of).await
    }

    async fn count_parked(&self, of: &CheckpointName) -> Result<ParkedCount, FailureError> {
        self.fault.count_parked(&self.store, of).await
    }
}
