//! What an append writes: rules 1 to 6, 15 to 18 and 30 to 34, inside a transaction that somebody else commits.

use std::collections::HashMap;
use std::rc::Rc;

use es_core::store::{
    AppendError, Appended, EventPlace, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation,
    sent_before,
};
use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, Position, StreamId, Version};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::error::SqliteError;
use crate::insert::{NewRow, Rows};
use crate::metadata;
use crate::row::{position, version};

const STREAM: &str = "SELECT stream, (SELECT max(version) FROM events WHERE events.stream = streams.stream)
    FROM streams WHERE stream_id = ?1";
const FIND: &str = "SELECT stream_id, version, position FROM events JOIN streams USING (stream) WHERE event_id = ?1";
/// The highest id and the last position ever given.
const LAST: &str = "SELECT (SELECT max(event_id) FROM events), max(
    ifnull((SELECT max(position) FROM events), 0),
    ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0))";
const KIND: &str = "INSERT INTO kinds (category, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Numbers of kinds, by category and name. They never change once they are committed.
#[derive(Debug, Default)]
pub(crate) struct Kinds(HashMap<String, HashMap<String, i64>>);

/// A transaction, and what is known about the log inside it.
pub(crate) struct Log<'t> {
    tx: &'t Connection,
    kinds: &'t mut Kinds,
    streams: HashMap<&'t StreamId, Option<Stream>>,
    /// The highest id before the transaction: what is above it is new, or of this transaction, which spares new UUIDs of
    /// version 7 the search.
    highest_id: Option<Uuid>,
    /// The events of this transaction by their ids, since not all of them are in the table yet.
    ids: HashMap<Uuid, (&'t StreamId, Version, Position)>,
    rows: Rows<'t>,
    /// The position that was given last.
    last: i64,
    metadata: (&'t Metadata, Option<Rc<str>>),
}

#[derive(Clone, Copy)]
struct Stream {
    number: i64,
    version: Version,
}

impl<'t> Log<'t> {
    pub(crate) fn new(tx: &'t Connection, kinds: &'t mut Kinds) -> Result<Self, SqliteError> {
        let (highest, last): (Option<[u8; 16]>, i64) =
            tx.prepare_cached(LAST)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            tx,
            kinds,
            streams: HashMap::new(),
            highest_id: highest.map(Uuid::from_bytes),
            ids: HashMap::new(),
            rows: Rows::default(),
            last,
            metadata: (const { &Metadata::new() }, None),
        })
    }

    /// Writes what is left to write, and tells the position of the last event that was written.
    pub(crate) fn finish(mut self) -> Result<Option<Position>, SqliteError> {
        self.rows.flush(self.tx)?;
        Ok((!self.ids.is_empty()).then(|| position(self.last)))
    }

    pub(crate) fn append(
        &mut self,
        stream: &'t StreamId,
        expected: ExpectedVersion,
        events: &'t [NewEvent],
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
        Ok(Ok(self.write(stream, events)?.unwrap_or(Appended { version: actual, position: None })))
    }

    pub(crate) fn append_multi(
        &mut self,
        batch: &'t MultiAppend,
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
                    if let Some(appended) = self.write(stream, std::slice::from_ref(event))? {
                        head = appended.position;
                        last_of.insert(stream.clone(), appended);
                    }
                }
            }
        }
        let mut streams = Vec::with_capacity(appends.len());
        for part in appends {
            let (version, position) = match last_of.get(&part.stream) {
                Some(last) => (last.version, last.position),
                None => (self.version(&part.stream)?, None),
            };
            streams.push(StreamAppended { stream: part.stream.clone(), version, position });
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
        if let Some((stream, version, position)) = self.ids.get(id.as_uuid()) {
            return Ok(Some(EventPlace { stream: (*stream).clone(), version: *version, position: *position }));
        }
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

    fn version(&mut self, stream: &'t StreamId) -> Result<Version, SqliteError> {
        Ok(self.stream(stream)?.map_or(Version::EMPTY, |stream| stream.version))
    }

    fn stream(&mut self, id: &'t StreamId) -> Result<Option<Stream>, SqliteError> {
        if let Some(known) = self.streams.get(id) {
            return Ok(*known);
        }
        let mut statement = self.tx.prepare_cached(STREAM)?;
        let found = statement.query_row([id.as_str()], |row| {
            let last: Option<i64> = row.get(1)?;
            Ok(Stream { number: row.get(0)?, version: version(last.unwrap_or(0)) })
        });
        let found = found.optional()?;
        self.streams.insert(id, found);
        Ok(found)
    }

    /// Writes events behind the last of their stream.
    fn write(&mut self, id: &'t StreamId, events: &'t [NewEvent]) -> Result<Option<Appended>, SqliteError> {
        if events.is_empty() {
            return Ok(None);
        }
        let mut stream = if let Some(stream) = self.stream(id)? {
            stream
        } else {
            self.tx.prepare_cached("INSERT INTO streams (stream_id) VALUES (?1)")?.execute([id.as_str()])?;
            Stream { number: self.tx.last_insert_rowid(), version: Version::EMPTY }
        };
        self.ids.reserve(events.len());
        for event in events {
            stream.version = stream.version.next();
            self.add(id, stream, event)?;
        }
        self.streams.insert(id, Some(stream));
        Ok(Some(Appended { version: stream.version, position: Some(position(self.last)) }))
    }

    fn add(&mut self, id: &'t StreamId, stream: Stream, event: &'t NewEvent) -> Result<(), SqliteError> {
        let Stream { number: stream, version } = stream;
        let kind = self.kinds.number(self.tx, id.category(), &event.name)?;
        if *self.metadata.0 != event.metadata {
            self.metadata = (&event.metadata, metadata::to_text(&event.metadata)?.map(Rc::from));
        }
        self.last = self.last.checked_add(1).ok_or_else(|| SqliteError::broken("no position is left"))?;
        self.ids.insert(*event.id.as_uuid(), (id, version, position(self.last)));
        let metadata = self.metadata.1.clone();
        self.rows.add(self.tx, NewRow { position: self.last, stream, version, kind, metadata, event })
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
