//! The store: the log behind a lock, and the wake-up of those who wait for it to grow.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe, admit,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId};
use event_listener::Event;

use crate::log::{Log, OpenError};

const LIMITS: Limits = Limits { payload_bytes: 16 * 1024 * 1024, batch_events: 10_000 };

/// An event store in one append-only file.
#[derive(Clone)]
pub struct FileStore {
    shared: Arc<(Mutex<Log>, Event)>,
}

impl FileStore {
    /// Opens the file, or makes an empty one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(Self { shared: Arc::new((Mutex::new(Log::open(path.as_ref())?), Event::new())) })
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // What has been read changes after the file, and nothing panics while it changes.
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventStore for FileStore {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        LIMITS.check(stream, &events)?;
        let mut log = self.log();
        if let Some(outcome) = admit(stream, expected, &events, log.version(stream), |id| log.find(id))? {
            return Ok(outcome);
        }
        let failed = |cause| AppendError::Store { stream: stream.clone(), cause: Box::new(cause) };
        log.write(stream, events).map_err(failed)?;
        self.shared.1.notify(usize::MAX);
        Ok(Appended { version: log.version(stream), position: Some(log.head()) })
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let log = self.log();
        Ok(range.page(log.version(stream), usize::MAX, |version| log.of_stream(stream, version, &range.filter)))
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let log = self.log();
        Ok(range.page(log.head(), usize::MAX, |position| log.at(position, &range.filter)))
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

#[async_trait]
impl Subscribe for FileStore {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        loop {
            // Listening comes before looking, so that an append between the two is not missed.
            let listener = self.shared.1.listen();
            if self.log().head() > position {
                return Ok(());
            }
            listener.await;
        }
    }
}
