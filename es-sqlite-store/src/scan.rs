//! Scans of a read model: rules M5 to M8, each as one walk along an index.

use std::fmt::Write as _;
use std::ops::Bound;

use es_core::store::{CheckpointName, Direction, RowPage, Scan};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, params_from_iter};

use crate::checkpoints;
use crate::error::SqliteError;
use crate::row::to_bound;
use crate::rows::{find, from_columns, to_value};

pub(crate) fn scan(connection: &Connection, name: &CheckpointName, scan: &Scan) -> Result<RowPage, SqliteError> {
    let mut page = RowPage { rows: Vec::new(), next: None, checkpoint: checkpoints::load(connection, name)? };
    let Some(model) = find(connection, name)? else { return Ok(page) };
    let (sql, parameters) = statement(model, scan);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    while let Some(row) = rows.next()? {
        if page.rows.len() == scan.limit {
            page.next = page.rows.last().and_then(|row| scan.place(row));
            break;
        }
        page.rows.push(from_columns(row.get(0)?, row.get(1)?, row.get_ref(2)?, row.get_ref(3)?)?);
    }
    Ok(page)
}

/// The statement and what it is asked with; all texts in it are ours.
fn statement(model: i64, scan: &Scan) -> (String, Vec<ToSqlOutput<'_>>) {
    let mut parameters = vec![ToSqlOutput::Owned(model.into())];
    let (from, value) = match &scan.index {
        None => ("read_model_rows AS r WHERE r.model = ?1", "r.key"),
        Some(name) => {
            parameters.push(ToSqlOutput::Borrowed(name.as_ref().into()));
            let from = "read_model_index AS i CROSS JOIN read_model_rows AS r ON r.model = i.model AND r.key = i.key
                 WHERE i.model = ?1 AND i.name = ?2";
            (from, "i.value")
        }
    };
    let mut sql = format!("SELECT r.key, r.position, r.indexes, r.payload FROM {from}");
    let ends = [(&scan.lower, ">=", ">"), (&scan.upper, "<=", "<")];
    for (bound, included, excluded) in ends {
        let (operator, end) = match bound {
            Bound::Included(end) => (included, end),
            Bound::Excluded(end) => (excluded, end),
            Bound::Unbounded => continue,
        };
        parameters.push(to_value(end));
        let _ = write!(sql, " AND {value} {operator} ?{}", parameters.len());
    }
    let (beyond, order) = if scan.direction == Direction::Forward { (">", "ASC") } else { ("<", "DESC") };
    if let Some(after) = &scan.after {
        match &after.value {
            Some(value) if scan.index.is_some() => {
                parameters.push(to_value(value));
                parameters.push(ToSqlOutput::Borrowed(after.key.as_str().into()));
                let (value, key) = (parameters.len() - 1, parameters.len());
                let _ = write!(sql, " AND (i.value, i.key) {beyond} (?{value}, ?{key})");
            }
            _ => {
                parameters.push(ToSqlOutput::Borrowed(after.key.as_str().into()));
                let _ = write!(sql, " AND r.key {beyond} ?{}", parameters.len());
            }
        }
    }
    let _ = match &scan.index {
        None => write!(sql, " ORDER BY r.key {order}"),
        Some(_) => write!(sql, " ORDER BY i.value {order}, i.key {order}"),
    };
    // One more than the page has, to see whether there is one.
    parameters.push(ToSqlOutput::Owned(to_bound(scan.limit as u64).saturating_add(1).into()));
    let _ = write!(sql, " LIMIT ?{}", parameters.len());
    (sql, parameters)
}
