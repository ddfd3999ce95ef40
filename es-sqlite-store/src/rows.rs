//! `ReadModelStore`: rules M1 to M11, inside a transaction that somebody else commits.

use std::borrow::Cow;

use es_core::store::{
    CheckpointError, CheckpointName, LoadedRows, ReadModelEntry, ReadModelError, Row, RowIndexes, RowWrite,
};
use es_core::{IndexValue, Position};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};

use crate::checkpoints::{self, Change};
use crate::error::SqliteError;
use crate::row::{payload_of, position, text_or_bytes, to_sql};

/// What is done to a read model.
#[derive(Debug)]
pub(crate) enum RowChange {
    Commit { writes: Vec<RowWrite>, expected: Option<Position>, position: Position },
    Drop,
}

/// Says whether there was anything to change.
pub(crate) fn change(
    tx: &Connection,
    name: &CheckpointName,
    change: &RowChange,
) -> Result<Result<bool, CheckpointError>, SqliteError> {
    match change {
        RowChange::Commit { writes, expected, position } => {
            let save = Change::Save { expected: *expected, position: *position };
            if let Err(refused) = checkpoints::change(tx, name, &save)? {
                return Ok(Err(refused));
            }
            write(tx, name, writes)?;
            Ok(Ok(true))
        }
        RowChange::Drop => {
            let checkpoint = checkpoints::change(tx, name, &Change::Delete)?;
            let Some(model) = find(tx, name)? else { return Ok(checkpoint.map(|was| was.is_some())) };
            tx.prepare_cached("DELETE FROM read_model_index WHERE model = ?1")?.execute([model])?;
            tx.prepare_cached("DELETE FROM read_model_rows WHERE model = ?1")?.execute([model])?;
            tx.prepare_cached("DELETE FROM read_models WHERE model = ?1")?.execute([model])?;
            Ok(Ok(true))
        }
    }
}

/// Rules M2 and M4, without the checkpoint.
pub(crate) fn write(tx: &Connection, name: &CheckpointName, writes: &[RowWrite]) -> Result<(), SqliteError> {
    let model = if let Some(model) = find(tx, name)? {
        model
    } else {
        tx.prepare_cached("INSERT INTO read_models (name) VALUES (?1)")?.execute([name.as_str()])?;
        tx.last_insert_rowid()
    };
    let mut indexed = tx.prepare_cached("SELECT indexes FROM read_model_rows WHERE model = ?1 AND key = ?2")?;
    let mut put = tx.prepare_cached(
        "INSERT INTO read_model_rows (model, key, position, indexes, payload) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET position = excluded.position, indexes = excluded.indexes, payload = excluded.payload",
    )?;
    let mut delete = tx.prepare_cached("DELETE FROM read_model_rows WHERE model = ?1 AND key = ?2")?;
    for write in writes {
        let before: Option<Option<String>> =
            indexed.query_row(params![model, write.key()], |row| row.get(0)).optional()?;
        let before = before.flatten();
        match write {
            RowWrite::Put(row) => {
                let after = to_json(&row.indexes)?;
                put.execute(params![model, row.key, to_sql(row.position.get()), after, text_or_bytes(&row.payload)])?;
                if before != after {
                    unindex(tx, model, &row.key, before.as_deref(), &row.indexes)?;
                    index(tx, model, row, before.as_deref())?;
                }
            }
            RowWrite::Delete(key) => {
                delete.execute(params![model, key])?;
                unindex(tx, model, key, before.as_deref(), &RowIndexes::new())?;
            }
        }
    }
    Ok(())
}

/// Takes a row out of the indexes in which it stood otherwise than it is to.
fn unindex(
    tx: &Connection,
    model: i64,
    key: &str,
    before: Option<&str>,
    after: &RowIndexes,
) -> Result<(), SqliteError> {
    let mut statement =
        tx.prepare_cached("DELETE FROM read_model_index WHERE model = ?1 AND name = ?2 AND value = ?3 AND key = ?4")?;
    for (name, value) in from_json(before)?.iter().filter(|(name, value)| after.get(*name) != Some(value)) {
        statement.execute(params![model, name, to_value(value), key])?;
    }
    Ok(())
}

/// Puts a row into the indexes in which it did not stand so.
fn index(tx: &Connection, model: i64, row: &Row, before: Option<&str>) -> Result<(), SqliteError> {
    let before = from_json(before)?;
    let mut statement =
        tx.prepare_cached("INSERT INTO read_model_index (model, name, value, key) VALUES (?1, ?2, ?3, ?4)")?;
    for (name, value) in row.indexes.iter().filter(|(name, value)| before.get(*name) != Some(value)) {
        statement.execute(params![model, name, to_value(value), row.key])?;
    }
    Ok(())
}

/// The number of a read model.
pub(crate) fn find(connection: &Connection, name: &CheckpointName) -> Result<Option<i64>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT model FROM read_models WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?)
}

/// Rule M1.
pub(crate) fn load(
    connection: &Connection,
    name: &CheckpointName,
    keys: &[String],
) -> Result<Vec<Option<Row>>, SqliteError> {
    let Some(model) = find(connection, name)? else { return Ok(vec![None; keys.len()]) };
    let mut statement = connection
        .prepare_cached("SELECT position, indexes, payload FROM read_model_rows WHERE model = ?1 AND key = ?2")?;
    let mut loaded = Vec::with_capacity(keys.len());
    for key in keys {
        let mut rows = statement.query(params![model, key])?;
        loaded.push(match rows.next()? {
            Some(row) => Some(from_columns(key.clone(), row.get(0)?, row.get_ref(1)?, row.get_ref(2)?)?),
            None => None,
        });
    }
    Ok(loaded)
}

/// Rules M1 and M8.
pub(crate) fn load_all(
    connection: &Connection,
    name: &CheckpointName,
    keys: &[String],
) -> Result<LoadedRows, SqliteError> {
    Ok(LoadedRows { rows: load(connection, name, keys)?, checkpoint: checkpoints::load(connection, name)? })
}

/// Rule M11.
pub(crate) fn list(connection: &Connection) -> Result<Vec<ReadModelEntry>, SqliteError> {
    let mut statement = connection
        .prepare_cached("SELECT name, position FROM read_models LEFT JOIN checkpoints USING (name) ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let name = CheckpointName::new(&name).map_err(|error| SqliteError::broken(error.to_string()))?;
        let checkpoint = row.get::<_, Option<i64>>(1)?.map(position);
        entries.push(ReadModelEntry { name, checkpoint });
    }
    Ok(entries)
}

pub(crate) fn from_columns(
    key: String,
    at: i64,
    indexes: ValueRef<'_>,
    payload: ValueRef<'_>,
) -> Result<Row, SqliteError> {
    let indexes = from_json(indexes.as_str_or_null().map_err(rusqlite::Error::from)?)?;
    let payload = payload_of(payload).ok_or_else(|| SqliteError::broken("a row is neither text nor bytes"))?;
    Ok(Row { key, position: position(at), indexes, payload })
}

pub(crate) fn to_value(value: &IndexValue) -> ToSqlOutput<'_> {
    match value {
        IndexValue::Integer(number) => ToSqlOutput::Owned((*number).into()),
        IndexValue::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
    }
}

fn to_json(indexes: &RowIndexes) -> Result<Option<String>, SqliteError> {
    if indexes.is_empty() {
        return Ok(None);
    }
    let values = indexes.iter().map(|(name, value)| {
        let value = match value {
            IndexValue::Integer(number) => serde_json::Value::from(*number),
            IndexValue::Text(text) => serde_json::Value::from(text.as_str()),
        };
        (name.clone().into_owned(), value)
    });
    let object: serde_json::Map<_, _> = values.collect();
    serde_json::to_string(&object).map(Some).map_err(|error| SqliteError::broken(error.to_string()))
}

fn from_json(indexes: Option<&str>) -> Result<RowIndexes, SqliteError> {
    let Some(indexes) = indexes else { return Ok(RowIndexes::new()) };
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(indexes).map_err(|error| SqliteError::broken(format!("the indexes of a row: {error}")))?;
    let values = object.into_iter().map(|(name, value)| {
        let value = match value {
            serde_json::Value::String(text) => IndexValue::Text(text),
            serde_json::Value::Number(number) => IndexValue::Integer(number.as_i64()?),
            _ => return None,
        };
        Some((Cow::Owned(name), value))
    });
    values.collect::<Option<_>>().ok_or_else(|| SqliteError::broken("an index value is neither text nor a number"))
}

pub(crate) fn failed(error: SqliteError) -> ReadModelError {
    ReadModelError::Store { cause: Box::new(error) }
}
