//! Stores that count what is read, or lose a part of what they have.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use es_core::{ExpectedVersion, NewEvent, Position, RecordedEvent, StreamId};
use es_memory_store::MemoryStore;

type Change = Box<dyn Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> + Send + Sync>;

/// Changes the events of each page as a fault would, and counts them.
pub(crate) struct Faulty {
    pub(crate) store: MemoryStore,
    pub(crate) events_read: AtomicU64,
    change: Change,
}

impl Faulty {
    /// Changes nothing.
    pub(crate) fn counting(store: MemoryStore) -> Self {
        Self::new(store, |events| events)
    }

    pub(crate) fn new(
        store: MemoryStore,
        change: impl Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> + Send + Sync + 'static,
    ) -> Self {
        Self { store, events_read: AtomicU64::new(0), change: Box::new(change) }
    }

    /// How many events were read since this was last asked.
    pub(crate) fn count(&self) -> u64 {
        self.events_read.swap(0, Ordering::Relaxed)
    }

    fn changed(&self, events: Vec<RecordedEvent>) -> Vec<RecordedEvent> {
        self.events_read.fetch_add(events.len() as u64, Ordering::Relaxed);
        (self.change)(events)
    }
}

#[async_trait]
impl EventStore for Faulty {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.store.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let page = self.store.read_stream(stream, range).await?;
        Ok(StreamPage { events: self.changed(page.events), ..page })
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let page = self.store.read_log(range).await?;
        Ok(LogPage { events: self.changed(page.events), ..page })
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

#[async_trait]
impl Subscribe for Faulty {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
    }
}
