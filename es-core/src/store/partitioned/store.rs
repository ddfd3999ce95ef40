//! What a partitioned store does: it finds the partition, and lets it do the rest.

use async_trait::async_trait;

use super::PartitionedStore;
use crate::envelope::NewEvent;
use crate::fingerprint::Fingerprint;
use crate::store::{
    AppendError, Appended, EventFilter, EventStore, EventVisitor, Limits, LogPage, MultiAppend, MultiAppendError,
    MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream, Snapshot, SnapshotError, SnapshotStore,
    StreamPage,
};
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Version};

impl<S> PartitionedStore<S> {
    fn store_of(&self, stream: &StreamId) -> &S {
        self.partition_of(stream).store()
    }

    /// The store whose log has all that a filter selects.
    fn store_of_log(&self, filter: &EventFilter) -> Result<&S, ReadError> {
        match self.shared.routes.of_filter(filter).as_slice() {
            [only] => Ok(self.at(*only).store()),
            several => {
                let partitions = several.iter().map(|index| self.at(*index).name().to_owned()).collect();
                Err(ReadError::SeveralPartitions { partitions })
            }
        }
    }

    /// The store that has all streams of an append; the first, if there are none.
    fn store_of_all(&self, batch: &MultiAppend) -> Result<&S, MultiAppendError> {
        let expected = batch.appends.iter().chain(&batch.checks).map(|expectation| &expectation.stream);
        let mut streams = expected.chain(batch.events.iter().map(|(stream, _)| stream));
        let Some(first) = streams.next() else { return Ok(self.at(0).store()) };
        let home = self.shared.routes.of_stream(first);
        match streams.find(|stream| self.shared.routes.of_stream(stream) != home) {
            None => Ok(self.at(home).store()),
            Some(other) => Err(MultiAppendError::SeveralPartitions {
                stream: first.clone(),
                partition: self.at(home).name().to_owned(),
                other: other.clone(),
                other_partition: self.partition_of(other).name().to_owned(),
            }),
        }
    }
}

#[async_trait]
impl<S: EventStore> EventStore for PartitionedStore<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let (store, limits) = (self.store_of(stream), self.limits());
        // A partition that accepts more than others do not: what is accepted does not depend on the hash of an id.
        if store.limits() != limits {
            limits.check(stream, &events)?;
        }
        store.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.store_of(stream).read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.store_of_log(&range.filter)?.read_log(range).await
    }

    async fn visit_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        self.store_of(stream).visit_stream(stream, range, visit).await
    }

    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        self.store_of_log(&range.filter)?.visit_log(range, visit).await
    }

    /// What every partition accepts.
    fn limits(&self) -> Limits {
        let first = self.at(0).store().limits();
        self.partitions()[1..].iter().map(|partition| partition.store().limits()).fold(first, |all, one| Limits {
            payload_bytes: all.payload_bytes.min(one.payload_bytes),
            batch_events: all.batch_events.min(one.batch_events),
        })
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.store_of(stream).reads_as_appended(stream)
    }
}

#[async_trait]
impl<S: MultiStreamAppend> MultiStreamAppend for PartitionedStore<S> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        let (store, limits) = (self.store_of_all(&batch)?, self.limits());
        if store.limits() != limits {
            batch.validate(&limits)?;
        }
        store.append_multi(batch).await
    }
}

#[async_trait]
impl<S: SnapshotStore> SnapshotStore for PartitionedStore<S> {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.store_of(&snapshot.stream).save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        self.store_of(stream).load_snapshot(stream, fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.store_of(stream).delete_snapshots(stream).await
    }
}
