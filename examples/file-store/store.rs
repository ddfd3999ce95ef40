//! The store: the log behind a lock, and the wake-up of those who wait for it to grow.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
    sent_before,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId, Version};
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
        // The index changes after the file, and nothing panics while it changes.
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
        let ids = events.iter().map(|event| (stream, event.id));
        if let Some(last) = sent_before(ids, |id| log.find(id))?.as_deref().and_then(<[_]>::last) {
            return Ok(Appended { version: last.version, position: Some(last.position) });
        }
        let actual = log.version(stream);
        if !expected.accepts(actual) {
            return Err(AppendError::Conflict { stream: stream.clone(), expected, actual });
        }
        if events.is_empty() {
            return Ok(Appended { version: actual, position: None });
        }
        let failed = |cause| AppendError::Store { stream: stream.clone(), cause: Box::new(cause) };
        log.write(stream, &events).map_err(failed)?;
        self.shared.1.notify(usize::MAX);
        Ok(Appended { version: log.version(stream), position: Some(log.head()) })
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        let mut log = self.log();
        let version = log.version(stream);
        let places = range.after.get()..range.up_to.min(version).get();
        let (events, through) =
            log.read(Some(stream), places, (range.direction, range.limit, &range.filter)).map_err(unread)?;
        let through = through.map_or(range.start(version), Version::new);
        Ok(StreamPage { events, through, is_end: range.is_end(through, version), version })
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut log = self.log();
        let head = log.head();
        let places = range.after.get()..range.up_to.min(head).get();
        let (events, through) =
            log.read(None, places, (range.direction, range.limit, &range.filter)).map_err(unread)?;
        let through = through.map_or(range.start(head), Position::new);
        Ok(LogPage { events, through, is_end: range.is_end(through, head), head })
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn reads_as_appended(&self, _: &StreamId) -> bool {
        true
    }
}

fn unread(cause: std::io::Error) -> ReadError {
    ReadError::Store { cause: Box::new(cause) }
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
