//! Stores that fail at a chosen step, deliver late, give way at every step, or change what they have.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use es_core::store::{AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage};
use es_core::{ExpectedVersion, NewEvent, RecordedEvent, StreamId};
use es_memory_store::MemoryStore;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The append fails and has written nothing.
    Before,
    /// The append fails, but has written all.
    After,
    /// The append fails, and is done only before so many more operations.
    Late(usize),
}

/// A store whose append of a number, counted from 0, goes wrong; the others do not.
pub(crate) struct Interrupted {
    pub(crate) store: MemoryStore,
    pub(crate) appends: AtomicU64,
    at: u64,
    fault: Fault,
    late: Mutex<Option<Late>>,
}

struct Late {
    operations_left: usize,
    append: (StreamId, ExpectedVersion, Vec<NewEvent>),
}

impl Interrupted {
    pub(crate) fn new(store: MemoryStore, at: u64, fault: Fault) -> Self {
        Self { store, appends: AtomicU64::new(0), at, fault, late: Mutex::new(None) }
    }

    /// Delivers what is late, if it is time.
    async fn operation(&self) {
        let due = self.late.lock().unwrap().take_if(|late| {
            late.operations_left = late.operations_left.saturating_sub(1);
            late.operations_left == 0
        });
        if let Some(Late { append: (stream, expected, events), .. }) = due {
            // Whoever sent it is not there any more to hear whether it was refused.
            let _ = self.store.append(&stream, expected, events).await;
        }
    }
}

#[async_trait]
impl EventStore for Interrupted {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.operation().await;
        if self.appends.fetch_add(1, Ordering::Relaxed) != self.at {
            return self.store.append(stream, expected, events).await;
        }
        match self.fault {
            Fault::Before => {}
            Fault::After => drop(self.store.append(stream, expected, events).await?),
            Fault::Late(operations_left) => {
                let append = (stream.clone(), expected, events);
                *self.late.lock().unwrap() = Some(Late { operations_left, append });
            }
        }
        Err(AppendError::Store { stream: stream.clone(), cause: "interrupted".into() })
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.operation().await;
        self.store.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        self.operation().await;
        self.store.read_log(range).await
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

/// Gives way before and after everything it does, so that whoever calls it can be stopped there.
pub(crate) struct GivingWay(pub(crate) MemoryStore);

struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn give_way<T>(operation: impl Future<Output = T>) -> T {
    Once(false).await;
    let done = operation.await;
    Once(false).await;
    done
}

#[async_trait]
impl EventStore for GivingWay {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        give_way(self.0.append(stream, expected, events)).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        give_way(self.0.read_stream(stream, range)).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        give_way(self.0.read_log(range)).await
    }

    fn limits(&self) -> Limits {
        self.0.limits()
    }
}

type Change = Box<dyn Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> + Send + Sync>;

/// Changes the log as it is read, and counts what is appended together.
pub(crate) struct Tampered {
    pub(crate) store: MemoryStore,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) lost: AtomicUsize,
    change: Change,
}

impl Tampered {
    pub(crate) fn new(change: impl Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> + Send + Sync + 'static) -> Self {
        Self::of(MemoryStore::new(), change)
    }

    pub(crate) fn of(
        store: MemoryStore,
        change: impl Fn(Vec<RecordedEvent>) -> Vec<RecordedEvent> + Send + Sync + 'static,
    ) -> Self {
        Self { store, batches: Mutex::default(), lost: AtomicUsize::new(usize::MAX), change: Box::new(change) }
    }

    /// Says of the append with this number, counted from 0, that it is done, and forgets it.
    pub(crate) fn losing(self, number: usize) -> Self {
        self.lost.store(number, Ordering::Relaxed);
        self
    }
}

#[async_trait]
impl EventStore for Tampered {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let number = {
            let mut batches = self.batches.lock().unwrap();
            batches.push(events.len());
            batches.len() - 1
        };
        if number != self.lost.load(Ordering::Relaxed) {
            return self.store.append(stream, expected, events).await;
        }
        let nothing = self.store.append(stream, expected, vec![]).await?;
        Ok(Appended { version: nothing.version.plus(events.len() as u64), ..nothing })
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        self.store.read_stream(stream, range).await
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let page = self.store.read_log(range).await?;
        Ok(LogPage { events: (self.change)(page.events), ..page })
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}
