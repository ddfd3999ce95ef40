//! From rows to events, and from the numbers of PostgreSQL to ours and back.

use es_core::{EventId, Metadata, Payload, Position, RecordedEvent, StreamId, Timestamp, Version};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::PostgresError;
use crate::kinds::Known;
use crate::metadata;

/// The columns that [`Decoder::event`] reads, in its order.
pub(crate) const COLUMNS: &str = "e.position, e.version, e.kind, e.stream_id, e.schema_version, e.event_id, e.recorded_at, e.metadata::text, e.payload";

/// Ends of ranges may be beyond what PostgreSQL counts, stored places are not.
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

/// Turns the rows of one read into events.
#[derive(Default)]
pub(crate) struct Decoder {
    /// Events that follow each other are often of one stream.
    stream: Option<StreamId>,
    /// The events of one command have the same metadata.
    metadata: (String, Metadata),
}

impl Decoder {
    /// `None` if the kind of the event is not known yet.
    pub(crate) fn event(&mut self, row: &Row, known: &Known) -> Result<Option<RecordedEvent>, PostgresError> {
        let Some(name) = known.name(row.try_get(2)?) else { return Ok(None) };
        let (schema_version, id): (i64, Uuid) = (row.try_get(4)?, row.try_get(5)?);
        let event = RecordedEvent {
            stream: self.stream(row.try_get(3)?)?,
            version: version(row.try_get(1)?),
            position: position(row.try_get(0)?),
            id: EventId::new(id),
            name: name.clone(),
            schema_version: u32::try_from(schema_version)
                .map_err(|_| PostgresError::broken(format!("the schema version {schema_version}")))?,
            recorded_at: Timestamp::from_micros(row.try_get(6)?),
            metadata: self.metadata(row.try_get(7)?)?,
            payload: Payload::copy_from_slice(row.try_get(8)?),
        };
        Ok(Some(event))
    }

    fn stream(&mut self, text: &str) -> Result<StreamId, PostgresError> {
        if let Some(stream) = self.stream.as_ref().filter(|stream| stream.as_str() == text) {
            return Ok(stream.clone());
        }
        let stream: StreamId =
            text.parse().map_err(|error| PostgresError::broken(format!("a stored stream id: {error}")))?;
        self.stream = Some(stream.clone());
        Ok(stream)
    }

    fn metadata(&mut self, stored: Option<&str>) -> Result<Metadata, PostgresError> {
        let Some(text) = stored else { return Ok(Metadata::new()) };
        if self.metadata.0 != text || text.is_empty() {
            self.metadata = (text.to_owned(), metadata::from_text(text)?);
        }
        Ok(self.metadata.1.clone())
    }
}
