//! From rows to events, and from the numbers of SQLite to ours and back.

use std::collections::HashMap;

use es_core::{EventId, EventName, Metadata, Payload, Position, RecordedEvent, StreamId, Timestamp, Version};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use crate::error::SqliteError;
use crate::metadata;

/// The columns that [`Decoder::event`] reads, in its order.
pub(crate) const COLUMNS: &str =
    "position, version, kind, stream, schema_version, event_id, recorded_at, metadata, payload";

/// Ends and expectations of ranges may be beyond what SQLite counts, stored places are not.
pub(crate) fn to_bound(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// The same 64 bits.
pub(crate) fn to_sql(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) fn version(stored: i64) -> Version {
    Version::new(stored.cast_unsigned())
}

pub(crate) fn position(stored: i64) -> Position {
    Position::new(stored.cast_unsigned())
}

/// Text where it is text, so that the JSON functions work on it.
pub(crate) fn text_or_bytes(payload: &Payload) -> ToSqlOutput<'_> {
    // Text with a NUL in it is cut short by some of the functions of SQLite.
    ToSqlOutput::Borrowed(match std::str::from_utf8(payload) {
        Ok(text) if !text.contains('\0') => ValueRef::Text(payload),
        _ => ValueRef::Blob(payload),
    })
}

/// The bytes, however they are stored.
pub(crate) fn payload_of(stored: ValueRef<'_>) -> Option<Payload> {
    match stored {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Payload::copy_from_slice(bytes)),
        _ => None,
    }
}

/// A name, and the category that it is used in.
pub(crate) struct Kind {
    pub(crate) number: i64,
    pub(crate) category: String,
    pub(crate) name: EventName,
}

/// The kinds of events as a reader knows them; they are only added to, so what is known stays true.
#[derive(Default)]
pub(crate) struct KnownKinds(Vec<Kind>);

impl KnownKinds {
    /// All kinds of the snapshot that `connection` reads, sorted by their numbers.
    pub(crate) fn refresh(&mut self, connection: &Connection) -> Result<&[Kind], SqliteError> {
        let last = self.0.last().map_or(0, |kind| kind.number);
        let mut more =
            connection.prepare_cached("SELECT kind, category, name FROM kinds WHERE kind > ?1 ORDER BY kind")?;
        let mut rows = more.query([last])?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            let name = EventName::new(name).map_err(|error| SqliteError::broken(error.to_string()))?;
            self.0.push(Kind { number: row.get(0)?, category: row.get(1)?, name });
        }
        Ok(&self.0)
    }

    fn name(&mut self, connection: &Connection, number: i64) -> Result<EventName, SqliteError> {
        let find =
            |kinds: &[Kind]| Some(kinds[kinds.binary_search_by_key(&number, |kind| kind.number).ok()?].name.clone());
        match find(&self.0) {
            Some(name) => Ok(name),
            None => find(self.refresh(connection)?)
                .ok_or_else(|| SqliteError::broken(format!("an event is of kind {number}, which there is not"))),
        }
    }
}

/// Turns the rows of one read into events.
#[derive(Default)]
pub(crate) struct Decoder {
    streams: HashMap<i64, StreamId>,
    /// The events of one command have the same metadata.
    metadata: (String, Metadata),
}

impl Decoder {
    /// For rows of one stream.
    pub(crate) fn of_stream(number: i64, stream: StreamId) -> Self {
        Self { streams: HashMap::from([(number, stream)]), ..Self::default() }
    }

    /// The name of a stream that it has seen, for messages.
    pub(crate) fn stream_of(&self, number: i64) -> String {
        self.streams.get(&number).map_or_else(|| number.to_string(), ToString::to_string)
    }

    pub(crate) fn event(
        &mut self,
        connection: &Connection,
        kinds: &mut KnownKinds,
        row: &Row<'_>,
    ) -> Result<RecordedEvent, SqliteError> {
        let id = row.get_ref(5)?.as_blob().ok().and_then(|bytes| Uuid::from_slice(bytes).ok());
        let payload = payload_of(row.get_ref(8)?);
        Ok(RecordedEvent {
            stream: self.stream(connection, row.get(3)?)?,
            version: version(row.get(1)?),
            position: position(row.get(0)?),
            id: EventId::new(id.ok_or_else(|| SqliteError::broken("an event id is no UUID"))?),
            name: kinds.name(connection, row.get(2)?)?,
            schema_version: row.get(4)?,
            recorded_at: Timestamp::from_micros(row.get(6)?),
            metadata: self.metadata(row.get_ref(7)?)?,
            payload: payload.ok_or_else(|| SqliteError::broken("a payload is neither text nor bytes"))?,
        })
    }

    fn stream(&mut self, connection: &Connection, number: i64) -> Result<StreamId, SqliteError> {
        if let Some(stream) = self.streams.get(&number) {
            return Ok(stream.clone());
        }
        let mut find = connection.prepare_cached("SELECT stream_id FROM streams WHERE stream = ?1")?;
        let text: String = find.query_row([number], |row| row.get(0))?;
        let stream: StreamId = text.parse().map_err(|error| SqliteError::broken(format!("a stream id: {error}")))?;
        self.streams.insert(number, stream.clone());
        Ok(stream)
    }

    fn metadata(&mut self, stored: ValueRef<'_>) -> Result<Metadata, SqliteError> {
        let Some(text) = stored.as_str_or_null().map_err(rusqlite::Error::from)? else { return Ok(Metadata::new()) };
        if self.metadata.0 != text || text.is_empty() {
            self.metadata = (text.to_owned(), metadata::from_text(text)?);
        }
        Ok(self.metadata.1.clone())
    }
}
