//! The log of one partition, for what follows a log.

use std::fmt;

use async_trait::async_trait;

use super::{Partition, PartitionedStore};
use crate::envelope::NewEvent;
use crate::store::{
    AppendError, Appended, EventStore, EventVisitor, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage,
};
use crate::stream::StreamId;
use crate::version::ExpectedVersion;

/// The log of one partition, and the streams of all.
///
/// What follows a log follows this one: projections, publishers, and processors in a runner, one of each for each
/// partition. Subscriptions, checkpoints, read models, leases and what is parked are those of the partition.
/// So names of checkpoints may be the same in each; where all keep their rows in another store instead, give each a
/// name of its own.
///
/// Streams are where they belong, also those of other partitions: what is appended to these is not in this log, and has
/// positions of another. So a process manager whose commands lead to other partitions works as well, with a
/// [`ProcessDriver`](crate::ProcessDriver) for each log: it reacts to events of two partitions in no particular order.
///
/// Cloning gives another handle to the same stores.
pub struct PartitionLog<S> {
    all: PartitionedStore<S>,
    index: usize,
}

impl<S> PartitionLog<S> {
    pub(super) fn new(all: &PartitionedStore<S>, index: usize) -> Self {
        Self { all: all.clone(), index }
    }

    /// The partition that has this log.
    pub fn partition(&self) -> &Partition<S> {
        self.all.at(self.index)
    }

    fn own(&self) -> &S {
        self.partition().store()
    }
}

#[async_trait]
impl<S: EventStore> EventStore for PartitionLog<S> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.all.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.all.read_stream(stream, range).await
    }

    /// Reads a part of the log of this partition.
    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.own().read_log(range).await
    }

    async fn visit_stream(
        &self,
        stream: &StreamId,
        range: ReadStream,
        visit: &mut EventVisitor<'_>,
    ) -> Result<StreamPage, ReadError> {
        self.all.visit_stream(stream, range, visit).await
    }

    async fn visit_log(&self, range: ReadLog, visit: &mut EventVisitor<'_>) -> Result<LogPage, ReadError> {
        self.own().visit_log(range, visit).await
    }

    fn limits(&self) -> Limits {
        self.all.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        self.all.reads_as_appended(stream)
    }
}

crate::forward_store! {
    [S] PartitionLog<S>, |log| log.all => MultiStreamAppend, SnapshotStore
}
crate::forward_store! {
    [S] PartitionLog<S>, |log| log.own() => Subscribe, CheckpointStore, ReadModelStore, LeaseStore, FailureStore
}

impl<S> Clone for PartitionLog<S> {
    fn clone(&self) -> Self {
        Self { all: self.all.clone(), index: self.index }
    }
}

impl<S> fmt::Debug for PartitionLog<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionLog").field("partition", self.partition()).finish()
    }
}
