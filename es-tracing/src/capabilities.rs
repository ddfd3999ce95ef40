//! The capabilities of the store below, with their spans.

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, InlineAppend, InlineProjections,
    LoadedRows, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadModelEntry,
    ReadModelError, ReadModelStore, RowPage, RowWrite, Scan, Snapshot, SnapshotError, SnapshotStore, Subscribe,
};
use es_core::{ExpectedVersion, Fingerprint, NewEvent, Position, StreamId, Version};
use tracing::field::Empty;
use tracing::{debug_span, info_span, trace_span};

use crate::measure;
use crate::store::TracingStore;

#[async_trait]
impl<S: Subscribe> Subscribe for TracingStore<S> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        let span = trace_span!(target: "es", "es.appended_after", after = position.get(), outcome = Empty);
        self.tell("appended_after", &span, self.store.appended_after(position)).await
    }
}

#[async_trait]
impl<S: MultiStreamAppend> MultiStreamAppend for TracingStore<S> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let span = info_span!(
            target: "es", "es.append_multi", streams = batch.appends.len(), checks = batch.checks.len(),
            events = batch.events.len(), position = Empty, outcome = Empty,
        );
        let names: Vec<_> = batch.events.iter().map(|(_, event)| event.name.clone()).collect();
        let reply = self.tell("append_multi", &span, self.store.append_multi(batch)).await;
        match &reply {
            Ok(appended) => {
                span.record("position", appended.position.map(Position::get));
                measure::appended(&names);
            }
            Err(MultiAppendError::Conflict { violations }) => {
                for violation in violations {
                    measure::conflict(violation.stream.category());
                }
            }
            Err(_) => {}
        }
        reply
    }
}

#[async_trait]
impl<S: CheckpointStore> CheckpointStore for TracingStore<S> {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let span =
            debug_span!(target: "es", "es.load_checkpoint", checkpoint = %name, position = Empty, outcome = Empty);
        let reply = self.tell("load_checkpoint", &span, self.store.load_checkpoint(name)).await;
        if let Ok(position) = &reply {
            span.record("position", position.map(Position::get));
        }
        reply
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let span = debug_span!(
            target: "es", "es.save_checkpoint", checkpoint = %name, position = position.get(), outcome = Empty,
        );
        self.tell("save_checkpoint", &span, self.store.save_checkpoint(name, expected, position)).await
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        let span = debug_span!(
            target: "es", "es.reset_checkpoint", checkpoint = %name, position = position.get(), outcome = Empty,
        );
        self.tell("reset_checkpoint", &span, self.store.reset_checkpoint(name, expected, position)).await
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        let span =
            debug_span!(target: "es", "es.delete_checkpoint", checkpoint = %name, position = Empty, outcome = Empty);
        let reply = self.tell("delete_checkpoint", &span, self.store.delete_checkpoint(name)).await;
        if let Ok(position) = &reply {
            span.record("position", position.map(Position::get));
        }
        reply
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        let span = debug_span!(target: "es", "es.list_checkpoints", outcome = Empty);
        self.tell("list_checkpoints", &span, self.store.list_checkpoints()).await
    }
}

#[async_trait]
impl<S: SnapshotStore> SnapshotStore for TracingStore<S> {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let span = debug_span!(
            target: "es", "es.save_snapshot", category = snapshot.stream.category(), stream = Empty, outcome = Empty,
        );
        self.name(&span, &snapshot.stream);
        self.tell("save_snapshot", &span, self.store.save_snapshot(snapshot)).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let span = debug_span!(
            target: "es", "es.load_snapshot", category = stream.category(), stream = Empty, outcome = Empty,
        );
        self.name(&span, stream);
        self.tell("load_snapshot", &span, self.store.load_snapshot(stream, fingerprint, up_to)).await
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        let span = debug_span!(
            target: "es", "es.delete_snapshots", category = stream.category(), stream = Empty, outcome = Empty,
        );
        self.name(&span, stream);
        self.tell("delete_snapshots", &span, self.store.delete_snapshots(stream)).await
    }
}

#[async_trait]
impl<S: ReadModelStore> ReadModelStore for TracingStore<S> {
    async fn load_rows(&self, model: &CheckpointName, keys: &[String]) -> Result<LoadedRows, ReadModelError> {
        let span = debug_span!(
            target: "es", "es.load_rows", read_model = %model, keys = keys.len(), outcome = Empty,
        );
        self.tell("load_rows", &span, self.store.load_rows(model, keys)).await
    }

    async fn scan_rows(&self, model: &CheckpointName, selected: Scan) -> Result<RowPage, ReadModelError> {
        let scanning = self.store.scan_rows(model, selected);
        let span = debug_span!(target: "es", "es.scan_rows", read_model = %model, rows = Empty, outcome = Empty);
        let reply = self.tell("scan_rows", &span, scanning).await;
        if let Ok(page) = &reply {
            span.record("rows", page.rows.len());
        }
        reply
    }

    async fn commit_rows(
        &self,
        model: &CheckpointName,
        writes: Vec<RowWrite>,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), ReadModelError> {
        let span = debug_span!(
            target: "es", "es.commit_rows", read_model = %model, rows = writes.len(), position = position.get(),
            outcome = Empty,
        );
        self.tell("commit_rows", &span, self.store.commit_rows(model, writes, expected, position)).await
    }

    async fn drop_read_model(&self, model: &CheckpointName) -> Result<bool, ReadModelError> {
        let span = debug_span!(target: "es", "es.drop_read_model", read_model = %model, outcome = Empty);
        self.tell("drop_read_model", &span, self.store.drop_read_model(model)).await
    }

    async fn list_read_models(&self) -> Result<Vec<ReadModelEntry>, ReadModelError> {
        let span = debug_span!(target: "es", "es.list_read_models", outcome = Empty);
        self.tell("list_read_models", &span, self.store.list_read_models()).await
    }
}

#[async_trait]
impl<S: InlineAppend> InlineAppend for TracingStore<S> {
    async fn append_inline(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
        projections: &InlineProjections,
    ) -> Result<Appended, AppendError> {
        let span = info_span!(
            target: "es", "es.append_inline", category = stream.category(), stream = Empty, expected = %expected,
            events = events.len(), projections = projections.len(), version = Empty, position = Empty, outcome = Empty,
        );
        self.name(&span, stream);
        let names: Vec<_> = events.iter().map(|event| event.name.clone()).collect();
        let append = self.store.append_inline(stream, expected, events, projections);
        let reply = self.tell("append_inline", &span, append).await;
        match &reply {
            Ok(appended) => {
                span.record("version", appended.version.get());
                span.record("position", appended.position.map(Position::get));
                measure::appended(&names);
            }
            Err(AppendError::Conflict { .. }) => measure::conflict(stream.category()),
            Err(_) => {}
        }
        reply
    }

    async fn append_multi_inline(
        &self,
        batch: MultiAppend,
        projections: &InlineProjections,
    ) -> Result<MultiAppended, MultiAppendError> {
        let span = info_span!(
            target: "es", "es.append_multi_inline", streams = batch.appends.len(), checks = batch.checks.len(),
            events = batch.events.len(), projections = projections.len(), position = Empty, outcome = Empty,
        );
        let names: Vec<_> = batch.events.iter().map(|(_, event)| event.name.clone()).collect();
        let reply = self.tell("append_multi_inline", &span, self.store.append_multi_inline(batch, projections)).await;
        match &reply {
            Ok(appended) => {
                span.record("position", appended.position.map(Position::get));
                measure::appended(&names);
            }
            Err(MultiAppendError::Conflict { violations }) => {
                for violation in violations {
                    measure::conflict(violation.stream.category());
                }
            }
            Err(_) => {}
        }
        reply
    }
}
