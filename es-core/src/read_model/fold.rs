//! The fold of events into rows, the same wherever the rows come from and go to.

use std::collections::HashMap;
use std::error::Error;

use super::tombstone::is_tombstone;
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::projection::{KeyedProjection, RowChange, RowError, RowKey};
use crate::store::{Row, RowWrite};
use crate::version::Position;

/// Why a batch of events could not be folded.
pub(super) enum FoldError {
    /// An event is to blame, or what it leads to.
    Event { at: Box<RecordedEvent>, cause: RowError },
    /// The rows could not be had.
    Load(Box<dyn Error + Send + Sync>),
}

/// What events do to rows, and which rows these are.
pub(super) struct Changes<'e, P: KeyedProjection> {
    changes: Vec<(usize, RowChange<'e, P>)>,
    pub(super) keys: Vec<String>,
}

impl<'e, P: KeyedProjection> Changes<'e, P> {
    /// Reads `events`, which are in the order of the log.
    pub(super) fn read<C: Codec>(codec: &C, events: &'e [RecordedEvent]) -> Result<Self, FoldError> {
        let mut changes = Vec::with_capacity(events.len());
        for event in events {
            P::row_changes(codec, event, &mut changes)
                .map_err(|cause| FoldError::Event { at: Box::new(event.clone()), cause })?;
        }
        let (mut keys, mut slots) = (Vec::new(), HashMap::new());
        let place = |change: RowChange<'e, P>| {
            let at = *slots.entry(change.key().to_text()).or_insert_with_key(|key| {
                keys.push(key.clone());
                keys.len() - 1
            });
            (at, change)
        };
        let changes = changes.into_iter().map(place).collect();
        Ok(Self { changes, keys })
    }

    /// Makes the changes to `rows`, one for each of the keys.
    ///
    /// What a stored row has seen is not made again.
    pub(super) fn apply(self, rows: &mut [FoldedRow<P>]) {
        for (at, change) in self.changes {
            let (row, event) = (&mut rows[at], change.event());
            if let Some(stored) = row.stored.filter(|stored| event.position <= *stored) {
                if event.position < stored && row.overtaken.is_none() {
                    row.overtaken = Some((event.position, stored));
                }
                continue;
            }
            change.apply(&mut row.row);
            row.changed = Some(event.position);
        }
    }
}

/// A row that is being folded.
pub(super) struct FoldedRow<P> {
    pub(super) key: String,
    pub(super) row: Option<P>,
    /// The position of the event that changed the stored row last, if there is one.
    stored: Option<Position>,
    /// That of the last event that has changed it here.
    pub(super) changed: Option<Position>,
    /// That of the first event that came after a later one had been seen, and that of the latter.
    pub(super) overtaken: Option<(Position, Position)>,
}

impl<P: KeyedProjection> FoldedRow<P> {
    /// A row that is not stored.
    pub(super) fn missing(key: String) -> Self {
        Self { key, row: None, stored: None, changed: None, overtaken: None }
    }

    pub(super) fn load<C: Codec>(codec: &C, key: String, stored: Option<Row>) -> Result<Self, RowError> {
        let Some(stored) = stored else { return Ok(Self::missing(key)) };
        let row = decoded(codec, &stored)?;
        Ok(Self { key, row, stored: Some(stored.position), changed: None, overtaken: None })
    }

    /// What is to be written, if anything has changed.
    pub(super) fn write<C: Codec>(&self, codec: &C) -> Result<Option<RowWrite>, RowError> {
        match (&self.row, self.changed) {
            (_, None) => Ok(None),
            (None, Some(_)) => Ok(self.stored.map(|_| RowWrite::Delete(self.key.clone()))),
            (Some(row), Some(position)) => encoded(codec, &self.key, row, position).map(|row| Some(RowWrite::Put(row))),
        }
    }
}

/// The row, unless it is a tombstone.
pub(super) fn decoded<P: KeyedProjection, C: Codec>(codec: &C, stored: &Row) -> Result<Option<P>, RowError> {
    if is_tombstone(stored) {
        return Ok(None);
    }
    let row = P::decode_row(codec, &stored.payload);
    row.map(Some).map_err(|cause| RowError::Unreadable { projection: P::NAME, key: stored.key.clone(), cause })
}

pub(super) fn encoded<P: KeyedProjection, C: Codec>(
    codec: &C,
    key: &str,
    row: &P,
    position: Position,
) -> Result<Row, RowError> {
    let unwritable = |cause| RowError::Unwritable { projection: P::NAME, key: key.to_owned(), position, cause };
    let payload = row.encode_row(codec).map_err(unwritable)?;
    let values = row.index_values().map_err(|(index, cause)| RowError::NotIndexable {
        projection: P::NAME,
        key: key.to_owned(),
        index,
        position,
        cause,
    })?;
    let indexes = values.into_iter().map(|(index, value)| (index.into(), value)).collect();
    Ok(Row { key: key.to_owned(), position, indexes, payload: payload.into() })
}

/// Loads the rows of the changes and makes these; `events` are what was read.
pub(super) fn fold<P: KeyedProjection, C: Codec>(
    codec: &C,
    events: &[RecordedEvent],
    changes: Changes<'_, P>,
    stored: Vec<Option<Row>>,
) -> Result<Vec<FoldedRow<P>>, FoldError> {
    let keys = changes.keys.clone();
    let mut rows = Vec::with_capacity(keys.len());
    for ((at, key), stored) in keys.into_iter().enumerate().zip(stored) {
        let row = FoldedRow::load(codec, key, stored).map_err(|cause| {
            // The row is to blame, and the first event that is about it stands for it.
            let first = changes.changes.iter().find(|(of, _)| *of == at).map(|(_, change)| change.event());
            let at = first.or(events.first());
            match at {
                Some(event) => FoldError::Event { at: Box::new(event.clone()), cause },
                None => FoldError::Load(Box::new(cause)),
            }
        })?;
        rows.push(row);
    }
    changes.apply(&mut rows);
    Ok(rows)
}

/// What is to be written.
pub(super) fn writes<P: KeyedProjection, C: Codec>(
    codec: &C,
    events: &[RecordedEvent],
    rows: &[FoldedRow<P>],
) -> Result<Vec<RowWrite>, FoldError> {
    let mut writes = Vec::with_capacity(rows.len());
    for row in rows {
        match row.write(codec) {
            Ok(write) => writes.extend(write),
            Err(cause) => {
                let last = events.iter().rev().find(|event| Some(event.position) == row.changed);
                return Err(match last {
                    Some(event) => FoldError::Event { at: Box::new(event.clone()), cause },
                    None => FoldError::Load(Box::new(cause)),
                });
            }
        }
    }
    Ok(writes)
}
