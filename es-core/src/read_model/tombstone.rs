//! Tombstones: what is left of a row that an event deleted which was tried again.
//!
//! A parked event is tried again behind the checkpoint, which then does not tell whether it has been done; the row does,
//! by the position of the event that changed it last. A row that was deleted would tell nothing, and the event would make
//! it anew; so its place is kept.

use crate::index_value::IndexValue;
use crate::store::{Row, RowIndexes, RowWrite};
use crate::version::Position;

/// No field has such a name, so no index of a projection has.
const DELETED: &str = "$deleted";

/// Whether a stored row is there only to tell what has been done.
pub(super) fn is_tombstone(row: &Row) -> bool {
    row.indexes.contains_key(DELETED)
}

/// The writes, of which each deletion leaves a tombstone of the event at `position`.
pub(super) fn leave_tombstones(writes: Vec<RowWrite>, position: Position) -> Vec<RowWrite> {
    let mark = |write| match write {
        RowWrite::Delete(key) => {
            let indexes = RowIndexes::from([(DELETED.into(), IndexValue::Integer(1))]);
            RowWrite::Put(Row { key, position, indexes, payload: "null".into() })
        }
        put @ RowWrite::Put(_) => put,
    };
    writes.into_iter().map(mark).collect()
}
