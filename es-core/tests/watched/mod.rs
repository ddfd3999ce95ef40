//! A store that counts what is asked of it, and fails where a test says so.
#![allow(dead_code, reason = "each test uses its part")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, Snapshot, SnapshotError,
    SnapshotStore, StreamPage,
};
use es_core::{ExpectedVersion, Fingerprint, NewEvent, StreamId, Version};
use es_memory_store::MemoryStore;

#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    pub(crate) store: MemoryStore,
    watch: Arc<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    asked: Mutex<Asked>,
    fails_to_append: AtomicBool,
    fails_to_read: AtomicBool,
    fails_to_save: AtomicBool,
    fails_to_load: AtomicBool,
    says_nothing: AtomicBool,
    stores_but_fails: AtomicBool,
    saves: AtomicUsize,
    replaced_by: Mutex<Option<MemoryStore>>,
}

/// What was asked since the last time somebody wanted to know.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) reads: usize,
    pub(crate) events_read: usize,
    pub(crate) appends: usize,
}

/// `asked(reads, events, appends)`.
pub(crate) fn asked(reads: usize, events_read: usize, appends: usize) -> Asked {
    Asked { reads, events_read, appends }
}

impl Watched {
    pub(crate) fn on(store: MemoryStore) -> Self {
        Self { store, watch: Arc::default() }
    }

    pub(crate) fn asked(&self) -> Asked {
        std::mem::take(&mut self.watch.asked.lock().unwrap())
    }

    pub(crate) fn saves(&self) -> usize {
        self.watch.saves.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn fail_to_append(&self, fails: bool) {
        self.watch.fails_to_append.store(fails, Ordering::Relaxed);
    }

    pub(crate) fn fail_to_read(&self, fails: bool) {
        self.watch.fails_to_read.store(fails, Ordering::Relaxed);
    }

    pub(crate) fn fail_to_save(&self, fails: bool) {
        self.watch.fails_to_save.store(fails, Ordering::Relaxed);
    }

    pub(crate) fn fail_to_load(&self, fails: bool) {
        self.watch.fails_to_load.store(fails, Ordering::Relaxed);
    }

    /// Appends are stored, but said to have failed.
    pub(crate) fn lose_answers(&self, loses: bool) {
        self.watch.stores_but_fails.store(loses, Ordering::Relaxed);
    }

    /// The store does not say any more that it reads as appended.
    pub(crate) fn say_nothing(&self) {
        self.watch.says_nothing.store(true, Ordering::Relaxed);
    }

    /// From now on this is another log.
    pub(crate) fn replace_by(&self, other: &Self) {
        *self.watch.replaced_by.lock().unwrap() = Some(other.store.clone());
    }

    fn log(&self) -> MemoryStore {
        self.watch.replaced_by.lock().unwrap().clone().unwrap_or_else(|| self.store.clone())
    }

    fn note(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.watch.asked.lock().unwrap());
    }
}

fn is(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

fn lost_connection() -> Box<dyn std::error::Error + Send + Sync> {
    "the connection is lost".into()
}

#[async_trait]
impl EventStore for Watched {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.note(|asked| asked.appends += 1);
        let failed = || AppendError::Store { stream: stream.clone(), cause: lost_connection() };
        if is(&self.watch.fails_to_append) {
            return Err(failed());
        }
        let appended = self.log().append(stream, expected, events).await?;
        if is(&self.watch.stores_but_fails) { Err(failed()) } else { Ok(appended) }
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        if is(&self.watch.fails_to_read) {
            return Err(ReadError::Store { cause: lost_connection() });
        }
        let page = self.log().read_stream(stream, range).await?;
        self.note(|asked| {
            asked.reads += 1;
            asked.events_read += page.events.len();
        });
        Ok(page)
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.store.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        !is(&self.watch.says_nothing) && self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl SnapshotStore for Watched {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        self.watch.saves.fetch_add(1, Ordering::Relaxed);
        if is(&self.watch.fails_to_save) {
            return Err(SnapshotError::Store { stream: snapshot.stream, cause: lost_connection() });
        }
        self.store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        if is(&self.watch.fails_to_load) {
            return Err(SnapshotError::Store { stream: stream.clone(), cause: lost_connection() });
        }
        self.store.load_snapshot(stream, fingerprint, up_to).await
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.store.delete_snapshots(stream).await
    }
}
