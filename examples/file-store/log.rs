//! The file, and what has been read from it: the events in order, where those of a stream are, and their ids.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;

use es_core::store::{EventFilter, EventPlace};
use es_core::{EventId, NewEvent, Position, RecordedEvent, StreamId, Version};

use crate::line::Line;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("`{path}` is open in another store; a file has one writer")]
    InUse { path: String },
    #[error("`{path}` is damaged: line {line}, at byte {offset}, is no event; nothing has been changed")]
    Damaged { path: String, line: usize, offset: u64, source: Box<dyn Error + Send + Sync> },
    #[error("`{path}` cannot be used")]
    Io { path: String, source: io::Error },
}

pub struct Log {
    file: File,
    is_broken: bool,
    events: Vec<RecordedEvent>,
    streams: HashMap<StreamId, Vec<Position>>,
    ids: HashMap<EventId, Position>,
}

impl Log {
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let name = || path.display().to_string();
        let failed = |source| OpenError::Io { path: name(), source };
        let file = File::options().read(true).append(true).create(true).open(path).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse { path: name() },
            TryLockError::Error(source) => failed(source),
        })?;
        let (events, streams, ids) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut log = Self { file, is_broken: false, events, streams, ids };
        let mut reader = BufReader::new(log.file.try_clone().map_err(failed)?);
        let (mut text, mut append, mut offset, mut end) = (Vec::new(), Vec::new(), 0, 0);
        for line in 1.. {
            text.clear();
            reader.read_until(b'\n', &mut text).map_err(failed)?;
            if !text.ends_with(b"\n") {
                break; // The end, or an append that was never acknowledged.
            }
            let damaged = |source| OpenError::Damaged { path: name(), line, offset, source };
            let parsed: Line = serde_json::from_slice(&text).map_err(|error| damaged(error.into()))?;
            if append.last().is_some_and(|before: &Line| before.more != parsed.more + 1) {
                return Err(damaged("lines of its append are missing before it".into()));
            }
            append.push(parsed);
            offset += text.len() as u64;
            if append.last().is_some_and(|last| last.more == 0) {
                append.drain(..).for_each(|line| log.add(&line.stream.clone(), line.event()));
                end = offset;
            }
        }
        // What is read from now on is also on the disk, acknowledged before or not.
        log.file.set_len(end).and_then(|()| log.file.sync_all()).map_err(failed)?;
        Ok(log)
    }

    fn add(&mut self, stream: &StreamId, event: NewEvent) {
        let position = Position::new(self.events.len() as u64 + 1);
        self.ids.insert(event.id, position);
        self.events.push(event.record(stream.clone(), self.version(stream).next(), position));
        self.streams.entry(stream.clone()).or_default().push(position);
    }

    /// Writes an append, and waits until the disk has it.
    pub fn write(&mut self, stream: &StreamId, events: Vec<NewEvent>) -> io::Result<()> {
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(io::Error::other("an earlier write failed; open the file again to learn what it holds"));
        }
        let mut text = Vec::new();
        for (event, more) in events.iter().zip((0..events.len()).rev()) {
            serde_json::to_writer(&mut text, &Line::new(stream, event, more))?;
            text.push(b'\n');
        }
        self.file.write_all(&text).and_then(|()| self.file.sync_data())?;
        self.is_broken = false;
        events.into_iter().for_each(|event| self.add(stream, event));
        Ok(())
    }

    /// The event of the log at `position`, if it is selected.
    pub fn at(&self, position: Position, filter: &EventFilter) -> Option<RecordedEvent> {
        let event = &self.events[usize::try_from(position.get()).ok()? - 1];
        filter.selects(&event.stream, &event.name).then(|| event.clone())
    }

    /// The event of a stream with `version`, if it is selected.
    pub fn of_stream(&self, stream: &StreamId, version: Version, filter: &EventFilter) -> Option<RecordedEvent> {
        self.at(self.streams[stream][usize::try_from(version.get()).ok()? - 1], filter)
    }

    pub fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    pub fn find(&self, id: EventId) -> Option<EventPlace> {
        let RecordedEvent { stream, version, position, .. } = self.at(*self.ids.get(&id)?, &EventFilter::all())?;
        Some(EventPlace { stream, version, position })
    }

    pub fn head(&self) -> Position {
        Position::new(self.events.len() as u64)
    }
}
