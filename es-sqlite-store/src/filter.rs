//! Which kinds a filter selects, and where their events are, without a look at the others.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use es_core::store::{Direction, EventFilter};
use rusqlite::Connection;

use crate::error::SqliteError;
use crate::row::KnownKinds;

/// The numbers of the kinds that a filter selects; `None` for all.
pub(crate) fn selected(
    filter: &EventFilter,
    kinds: &mut KnownKinds,
    connection: &Connection,
) -> Result<Option<HashSet<i64>>, SqliteError> {
    if filter.is_all() {
        return Ok(None);
    }
    let categories: Option<HashSet<_>> = filter.selected_categories().map(Iterator::collect);
    let names: Option<HashSet<_>> = filter.selected_names().map(Iterator::collect);
    let known = kinds.refresh(connection)?;
    let fits = known.iter().filter(|kind| {
        categories.as_ref().is_none_or(|categories| categories.contains(kind.category.as_str()))
            && names.as_ref().is_none_or(|names| names.contains(kind.name.as_str()))
    });
    let numbers: HashSet<_> = fits.map(|kind| kind.number).collect();
    Ok((numbers.len() < known.len()).then_some(numbers))
}

/// The first `most` positions of events of these kinds with `after < position <= up_to`, in the order of the read.
///
/// Each kind is sorted in the index; they are merged here, since SQLite would sort all that there are.
pub(crate) fn positions(
    connection: &Connection,
    kinds: &HashSet<i64>,
    (after, up_to): (i64, i64),
    direction: Direction,
    most: usize,
) -> Result<Vec<i64>, SqliteError> {
    let order = if direction == Direction::Forward { "ASC" } else { "DESC" };
    let mut statements = Vec::with_capacity(kinds.len());
    for at in 0..kinds.len() {
        // A statement of its own for each, told apart by the comment, so that all are kept.
        statements.push(connection.prepare_cached(&format!(
            "SELECT position FROM events INDEXED BY events_by_kind WHERE kind = ?1 AND position > ?2 AND position <= ?3
             ORDER BY position {order} -- {at}"
        ))?);
    }
    let mut sorted = Vec::with_capacity(kinds.len());
    for (statement, kind) in statements.iter_mut().zip(kinds) {
        sorted.push(statement.query([*kind, after, up_to])?);
    }
    // Backward, the highest comes first: turned round, so that the least always does.
    let key = |position: i64| if direction == Direction::Forward { position } else { -position };
    let mut next = BinaryHeap::with_capacity(kinds.len());
    for (at, rows) in sorted.iter_mut().enumerate() {
        if let Some(row) = rows.next()? {
            next.push(Reverse((key(row.get(0)?), at)));
        }
    }
    let mut positions = Vec::new();
    while positions.len() < most {
        let Some(Reverse((position, at))) = next.pop() else { break };
        positions.push(key(position));
        if let Some(row) = sorted[at].next()? {
            next.push(Reverse((key(row.get(0)?), at)));
        }
    }
    Ok(positions)
}
