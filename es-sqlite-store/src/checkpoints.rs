//! `CheckpointStore`: rules 26 to 29, inside a transaction that somebody else commits.

use es_core::Position;
use es_core::store::{CheckpointError, CheckpointName, check_checkpoint};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::SqliteError;
use crate::row::{position, to_sql};

/// What is done to a checkpoint.
#[derive(Debug)]
pub(crate) enum Change {
    Save { expected: Option<Position>, position: Position },
    Reset { expected: Option<Position>, position: Position },
    Delete,
}

/// Gives what was kept before.
pub(crate) fn change(
    tx: &Connection,
    name: &CheckpointName,
    change: &Change,
) -> Result<Result<Option<Position>, CheckpointError>, SqliteError> {
    let actual = load(tx, name)?;
    let (expected, position) = match *change {
        Change::Save { expected, position } | Change::Reset { expected, position } => (expected, position),
        Change::Delete => {
            tx.prepare_cached("DELETE FROM checkpoints WHERE name = ?1")?.execute([name.as_str()])?;
            return Ok(Ok(actual));
        }
    };
    match check_checkpoint(name, expected, actual, position) {
        Err(CheckpointError::Backwards { .. }) if matches!(change, Change::Reset { .. }) => {}
        Err(error) => return Ok(Err(error)),
        Ok(()) => {}
    }
    if actual != Some(position) {
        let sql = "INSERT INTO checkpoints VALUES (?1, ?2) ON CONFLICT DO UPDATE SET position = excluded.position";
        tx.prepare_cached(sql)?.execute(params![name.as_str(), to_sql(position.get())])?;
    }
    Ok(Ok(actual))
}

pub(crate) fn load(connection: &Connection, name: &CheckpointName) -> Result<Option<Position>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT position FROM checkpoints WHERE name = ?1")?;
    Ok(statement.query_row([name.as_str()], |row| row.get(0)).optional()?.map(position))
}

pub(crate) fn list(connection: &Connection) -> Result<Vec<(CheckpointName, Position)>, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT name, position FROM checkpoints ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut checkpoints = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let name = CheckpointName::new(&name).map_err(|error| SqliteError::broken(error.to_string()))?;
        checkpoints.push((name, position(row.get(1)?)));
    }
    Ok(checkpoints)
}
