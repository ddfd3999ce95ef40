//! What an append writes: rules 1 to 6, 15 to 18 and 30 to 34, inside a transaction that somebody else commits.

use std::collections::HashMap;

use es_core::store::{
    AppendError, Appended, EventPlace, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation,
    sent_before,
};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, StreamId, Version};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::SqliteError;
use crate::metadata;
use crate::row::{position, text_or_bytes, to_sql, version};

const STREAM: &str = "SELECT stream, (SELECT max(version) FROM events WHERE events.stream = streams.stream)
    FROM streams WHERE stream_id = ?1";
const FIND: &str = "SELECT stream_id, version, position FROM events JOIN streams USING (stream) WHERE event_id = ?1";
const INSERT: &str = "INSERT INTO events
    (stream, version, kind, schema_version, event_id, recorded_at, metadata, payload) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)";
const KIND: &str = "INSERT INTO kinds (category, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Numbers of kinds, by category and name. They never change once they are committed.
#[derive(Debug, Default)]
pub(crate) struct Kinds(HashMap<String, HashMap<String, i64>>);

/// A transaction, and what is known about the log inside it.
pub(crate) struct Log<'t> {
    tx: &'t Connection,
    kinds: &'t mut Kinds,
    streams: HashMap<StreamId, Option<Stream>>,
    /// The highest id there is: what is above it is new, which spares new UUIDs of version 7 the search.
    highest_id: Option<Uuid>,
    head: Option<Position>,
    metadata: (Metadata, Option<String>),
}

#[derive(Clone, Copy)]
struct Stream {
    number: i64,
    version: Version,
}

impl<'t> Log<'t> {
    pub(crate) fn new(tx: &'t Connection, kinds: &'t mut Kinds) -> Result<Self, SqliteError> {
        let highest: Option<[u8; 16]> =
            tx.prepare_cached("SELECT max(event_id) FROM events")?.query_row([], |row| row.get(0))?;
        let (streams, metadata) = (HashMap::new(), (Metadata::new(), None));
        Ok(Self { tx, kinds, streams, highest_id: highest.map(Uuid::from_bytes), head: None, metadata })
    }

    /// The position of the last event that was written.
    pub(crate) fn written(&self) -> Option<Position> {
        self.head
    }

    pub(crate) fn append(
        &mut self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: &[NewEvent],
    ) -> Result<Result<Appended, AppendError>, SqliteError> {
        match self.sent_before(events.iter().map(|event| (stream, event.id)))? {
            Err(refused) => return Ok(Err(refused)),
            Ok(Some(places)) => {
                if let Some(last) = places.last() {
                    return Ok(Ok(Appended { version: last.version, position: Some(last.position) }));
                }
            }
            Ok(None) => {}
        }
        let actual = self.version(stream)?;
        if !expected.accepts(actual) {
            return Ok(Err(AppendError::Conflict { stream: stream.clone(), expected, actual }));
        }
        let mut last = Appended { version: actual, position: None };
        for event in events {
            last = self.write(stream, event)?;
        }
        Ok(Ok(last))
    }

    pub(crate) fn append_multi(
        &mut self,
        batch: &MultiAppend,
    ) -> Result<Result<MultiAppended, MultiAppendError>, SqliteError> {
        let MultiAppend { appends, checks, events } = batch;
        let mut last_of = HashMap::new();
        let mut head = None;
        match self.sent_before(events.iter().map(|(stream, event)| (stream, event.id)))? {
            Err(refused) => return Ok(Err(refused.into())),
            Ok(Some(places)) => {
                for EventPlace { stream, version, position } in places {
                    head = Some(position);
                    last_of.insert(stream, Appended { version, position: head });
                }
            }
            Ok(None) => {
                let mut violations = Vec::new();
                for part in appends.iter().chain(checks) {
                    let (stream, expected, actual) = (part.stream.clone(), part.expected, self.version(&part.stream)?);
                    if !expected.accepts(actual) {
                        violations.push(Violation { stream, expected, actual });
                    }
                }
                if !violations.is_empty() {
                    return Ok(Err(MultiAppendError::Conflict { violations }));
                }
                for (stream, event) in events {
                    let appended = self.write(stream, event)?;
                    head = appended.position;
                    last_of.insert(stream.clone(), appended);
                }
            }
        }
        let mut streams = Vec::with_capacity(appends.len());
        for part in appends {
            let stream = part.stream.clone();
            let (version, position) = match last_of.get(&stream) {
                Some(last) => (last.version, last.position),
                None => (self.version(&stream)?, None),
            };
            streams.push(StreamAppended { stream, version, position });
        }
        Ok(Ok(MultiAppended { streams, position: head }))
    }

    fn sent_before<'a>(
        &self,
        ids: impl Iterator<Item = (&'a StreamId, EventId)>,
    ) -> Result<Result<Option<Vec<EventPlace>>, AppendError>, SqliteError> {
        let mut failed = None;
        let sent = sent_before(ids, |id| match self.find(id) {
            Ok(place) => place,
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        failed.map_or(Ok(sent), Err)
    }

    fn find(&self, id: EventId) -> Result<Option<EventPlace>, SqliteError> {
        if self.highest_id.is_none_or(|highest| *id.as_uuid() > highest) {
            return Ok(None);
        }
        let mut found = self.tx.prepare_cached(FIND)?;
        let mut rows = found.query([id.as_uuid().as_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let stream: String = row.get(0)?;
        let stream = stream.parse().map_err(|error| SqliteError::broken(format!("a stored stream id: {error}")))?;
        Ok(Some(EventPlace { stream, version: version(row.get(1)?), position: position(row.get(2)?) }))
    }

    fn version(&mut self, stream: &StreamId) -> Result<Version, SqliteError> {
        Ok(self.stream(stream)?.map_or(Version::EMPTY, |stream| stream.version))
    }

    fn stream(&mut self, id: &StreamId) -> Result<Option<Stream>, SqliteError> {
        if let Some(known) = self.streams.get(id) {
            return Ok(*known);
        }
        let mut statement = self.tx.prepare_cached(STREAM)?;
        let found = statement.query_row([id.as_str()], |row| {
            let last: Option<i64> = row.get(1)?;
            Ok(Stream { number: row.get(0)?, version: version(last.unwrap_or(0)) })
        });
        let found = found.optional()?;
        self.streams.insert(id.clone(), found);
        Ok(found)
    }

    /// Writes an event behind the last of its stream.
    fn write(&mut self, id: &StreamId, event: &NewEvent) -> Result<Appended, SqliteError> {
        let mut stream = if let Some(stream) = self.stream(id)? {
            stream
        } else {
            self.tx.prepare_cached("INSERT INTO streams (stream_id) VALUES (?1)")?.execute([id.as_str()])?;
            Stream { number: self.tx.last_insert_rowid(), version: Version::EMPTY }
        };
        stream.version = stream.version.next();
        let kind = self.kinds.number(self.tx, id.category(), &event.name)?;
        if self.metadata.0 != event.metadata {
            self.metadata = (event.metadata.clone(), metadata::to_text(&event.metadata)?);
        }
        self.tx.prepare_cached(INSERT)?.execute(params![
            stream.number,
            to_sql(stream.version.get()),
            kind,
            event.schema_version,
            event.id.as_uuid().as_bytes(),
            event.recorded_at.as_micros(),
            self.metadata.1,
            text_or_bytes(&event.payload),
        ])?;
        let position = position(self.tx.last_insert_rowid());
        self.head = Some(position);
        self.highest_id = self.highest_id.max(Some(*event.id.as_uuid()));
        let known = self.streams.get_mut(id);
        known.map(|known| known.replace(stream));
        Ok(Appended { version: stream.version, position: Some(position) })
    }
}

impl Kinds {
    fn number(&mut self, tx: &Connection, category: &str, name: &EventName) -> Result<i64, SqliteError> {
        let name = name.as_str();
        if let Some(kind) = self.0.get(category).and_then(|names| names.get(name)) {
            return Ok(*kind);
        }
        tx.prepare_cached(KIND)?.execute([category, name])?;
        let mut find = tx.prepare_cached("SELECT kind FROM kinds WHERE category = ?1 AND name = ?2")?;
        let kind = find.query_row([category, name], |row| row.get(0))?;
        self.0.entry(category.to_owned()).or_default().insert(name.to_owned(), kind);
        Ok(kind)
    }
}
