//! The file, and the index that says where everything in it is.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::Path;

use es_core::store::{Direction, EventFilter, EventPlace};
use es_core::{EventId, EventName, NewEvent, Position, RecordedEvent, StreamId, Version};

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
    /// Where the last whole append ends.
    end: u64,
    is_broken: bool,
    entries: Vec<Entry>,
    streams: HashMap<StreamId, Vec<usize>>,
    ids: HashMap<EventId, usize>,
}

/// What deciding and selecting need of an event; the rest is read from the file.
struct Entry {
    place: EventPlace,
    name: EventName,
    offset: u64,
    bytes: usize,
}

impl Log {
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let name = || path.display().to_string();
        let failed = |source| OpenError::Io { path: name(), source };
        let file = File::options().read(true).append(true).create(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse { path: name() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let (entries, streams, ids) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut log = Self { file, end: 0, is_broken: false, entries, streams, ids };
        let mut reader = BufReader::new(log.file.try_clone().map_err(failed)?);
        let (mut text, mut append, mut offset, mut expected) = (Vec::new(), Vec::new(), 0, None);
        for line in 1.. {
            text.clear();
            reader.read_until(b'\n', &mut text).map_err(failed)?;
            if !text.ends_with(b"\n") {
                break; // The end, or an append that was never acknowledged.
            }
            let damaged = |source| OpenError::Damaged { path: name(), line, offset, source };
            let parsed: Line = serde_json::from_slice(&text).map_err(|error| damaged(error.into()))?;
            let more = parsed.more;
            if expected.is_some_and(|expected| more != expected) {
                return Err(damaged("lines of its append are missing before it".into()));
            }
            let (stream, event) = parsed.parse().map_err(damaged)?;
            append.push((stream, event, text.len()));
            expected = more.checked_sub(1);
            if more == 0 {
                append.drain(..).for_each(|(stream, event, bytes)| log.add(&stream, &event, bytes));
            }
            offset += text.len() as u64;
        }
        // What is read from now on is also on the disk, acknowledged before or not.
        log.file.set_len(log.end).and_then(|()| log.file.sync_all()).map_err(failed)?;
        Ok(log)
    }

    /// Takes the next event of the file into the index.
    fn add(&mut self, stream: &StreamId, event: &NewEvent, bytes: usize) {
        let at = self.entries.len();
        let of_stream = self.streams.entry(stream.clone()).or_default();
        of_stream.push(at);
        let (version, position) = (Version::new(of_stream.len() as u64), Position::new(at as u64 + 1));
        let place = EventPlace { stream: stream.clone(), version, position };
        self.entries.push(Entry { place, name: event.name.clone(), offset: self.end, bytes });
        self.ids.insert(event.id, at);
        self.end += bytes as u64;
    }

    /// Writes an append and waits until the disk has it.
    pub fn write(&mut self, stream: &StreamId, events: &[NewEvent]) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other(
                "an earlier write failed; what the file holds is known when it is opened again",
            ));
        }
        let (mut text, mut bytes) = (Vec::new(), Vec::new());
        for (event, more) in events.iter().zip((0..events.len()).rev()) {
            let start = text.len();
            serde_json::to_writer(&mut text, &Line::new(stream, event, more))?;
            text.push(b'\n');
            bytes.push(text.len() - start);
        }
        self.is_broken = true;
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        self.is_broken = false;
        events.iter().zip(bytes).for_each(|(event, bytes)| self.add(stream, event, bytes));
        Ok(())
    }

    /// Reads what is selected of `places`, which number the events of the log or of a stream from 0; and how far it came.
    pub fn read(
        &mut self,
        stream: Option<&StreamId>,
        places: Range<u64>,
        (direction, limit, filter): (Direction, usize, &EventFilter),
    ) -> io::Result<(Vec<RecordedEvent>, Option<u64>)> {
        let (mut events, mut through) = (Vec::new(), None);
        let places: Box<dyn Iterator<Item = u64> + Send> = match direction {
            Direction::Forward => Box::new(places),
            Direction::Backward => Box::new(places.rev()),
        };
        for place in places {
            if events.len() == limit {
                break;
            }
            let index = usize::try_from(place).map_err(io::Error::other)?;
            let at = stream.map_or(index, |stream| self.streams[stream][index]);
            let Entry { place: EventPlace { stream, version, position }, name, offset, bytes } = &self.entries[at];
            if filter.selects(stream, name) {
                let mut text = vec![0; *bytes];
                self.file.seek(SeekFrom::Start(*offset))?;
                self.file.read_exact(&mut text)?;
                let (_, event) = serde_json::from_slice::<Line>(&text)?.parse().map_err(io::Error::other)?;
                events.push(event.record(stream.clone(), *version, *position));
            }
            through = Some(if direction == Direction::Forward { place + 1 } else { place });
        }
        Ok((events, through))
    }

    pub fn find(&self, id: EventId) -> Option<EventPlace> {
        self.ids.get(&id).map(|at| self.entries[*at].place.clone())
    }

    pub fn version(&self, stream: &StreamId) -> Version {
        Version::new(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    pub fn head(&self) -> Position {
        Position::new(self.entries.len() as u64)
    }
}
