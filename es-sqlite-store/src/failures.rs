//! `FailureStore`: the rules F1 to F7, each change in a transaction of its own.

use async_trait::async_trait;
use es_core::store::{CheckpointName, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
use es_core::{EventName, Position, StreamId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::SqliteError;
use crate::row::{position, to_bound, to_sql, version};
use crate::store::SqliteStore;

const COLUMNS: &str = "position, stream_id, version, name, keys, errors, attempts, first_at, last_at";

fn parked(row: &Row<'_>) -> Result<ParkedEvent, SqliteError> {
    let broken = |error: &dyn std::error::Error| SqliteError::broken(error.to_string());
    let (stream, name): (String, String) = (row.get(1)?, row.get(3)?);
    let (keys, errors): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(ParkedEvent {
        position: position(row.get(0)?),
        stream: stream.parse::<StreamId>().map_err(|error| broken(&error))?,
        version: version(row.get(2)?),
        name: EventName::new(&name).map_err(|error| broken(&error))?,
        keys: serde_json::from_str(&keys).map_err(|error| broken(&error))?,
        errors: serde_json::from_str(&errors).map_err(|error| broken(&error))?,
        attempts: row.get(6)?,
        first_at: Timestamp::from_micros(row.get(7)?),
        last_at: Timestamp::from_micros(row.get(8)?),
    })
}

fn json(texts: &[String]) -> Result<String, SqliteError> {
    serde_json::to_string(texts).map_err(|error| SqliteError::broken(error.to_string()))
}

fn token(connection: &Connection, processor: &CheckpointName) -> Result<u64, SqliteError> {
    let mut statement = connection.prepare_cached("SELECT token FROM parking_claims WHERE processor = ?1")?;
    let token: Option<i64> = statement.query_row([processor.as_str()], |row| row.get(0)).optional()?;
    Ok(token.unwrap_or(0).cast_unsigned())
}

/// Rule F2.
fn check(
    connection: &Connection,
    processor: &CheckpointName,
    given: u64,
) -> Result<Result<(), FailureError>, SqliteError> {
    let actual = token(connection, processor)?;
    let superseded = || FailureError::Superseded { processor: processor.clone(), token: given, actual };
    Ok(if actual == given && given > 0 { Ok(()) } else { Err(superseded()) })
}

fn claim(connection: &Connection, processor: &CheckpointName) -> Result<u64, SqliteError> {
    let next = token(connection, processor)? + 1;
    let sql = "INSERT OR REPLACE INTO parking_claims (processor, token) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![processor.as_str(), to_sql(next)])?;
    Ok(next)
}

fn count(connection: &Connection, processor: &CheckpointName) -> Result<ParkedCount, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM parked_events WHERE processor = ?1),
                (SELECT count(DISTINCT key) FROM parked_keys WHERE processor = ?1)",
    )?;
    let (events, keys): (i64, i64) = statement.query_row([processor.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(ParkedCount { events: size(events), keys: size(keys) })
}

/// Rules F3 and F4, and what is parked then is too much.
fn park(
    connection: &Connection,
    processor: &CheckpointName,
    event: &ParkedEvent,
    capacity: ParkCapacity,
) -> Result<Result<(), FailureError>, SqliteError> {
    let place = to_sql(event.position.get());
    let sql = "SELECT 1 FROM parked_events WHERE processor = ?1 AND position = ?2";
    if connection.prepare_cached(sql)?.exists(params![processor.as_str(), place])? {
        return Ok(Ok(()));
    }
    let mut then = count(connection, processor)?;
    then.events += 1;
    let sql = "SELECT 1 FROM parked_keys WHERE processor = ?1 AND key = ?2";
    for (number, key) in event.keys.iter().enumerate() {
        let is_known = connection.prepare_cached(sql)?.exists(params![processor.as_str(), key])?;
        then.keys += usize::from(!is_known && !event.keys[..number].contains(key));
    }
    if let Err(full) = capacity.check(processor, then) {
        return Ok(Err(full));
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO parked_events (processor, position, stream_id, version, name, keys, errors, attempts, first_at,
         last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.execute(params![
        processor.as_str(),
        place,
        event.stream.as_str(),
        to_sql(event.version.get()),
        event.name.as_str(),
        json(&event.keys)?,
        json(&event.errors)?,
        event.attempts,
        event.first_at.as_micros(),
        event.last_at.as_micros(),
    ])?;
    let sql = "INSERT OR IGNORE INTO parked_keys (processor, key, position) VALUES (?1, ?2, ?3)";
    for key in &event.keys {
        connection.prepare_cached(sql)?.execute(params![processor.as_str(), key, place])?;
    }
    Ok(Ok(()))
}

fn note(
    connection: &Connection,
    processor: &CheckpointName,
    place: Position,
    errors: &[String],
    at: Timestamp,
) -> Result<bool, SqliteError> {
    let mut update = connection.prepare_cached(
        "UPDATE parked_events SET attempts = min(attempts + 1, 4294967295), errors = ?3, last_at = ?4
         WHERE processor = ?1 AND position = ?2",
    )?;
    Ok(update.execute(params![processor.as_str(), to_sql(place.get()), json(errors)?, at.as_micros()])? > 0)
}

fn remove(connection: &Connection, processor: &CheckpointName, place: Position) -> Result<bool, SqliteError> {
    let row = params![processor.as_str(), to_sql(place.get())];
    connection.prepare_cached("DELETE FROM parked_keys WHERE processor = ?1 AND position = ?2")?.execute(row)?;
    Ok(connection.prepare_cached("DELETE FROM parked_events WHERE processor = ?1 AND position = ?2")?.execute(row)? > 0)
}

fn failed(error: SqliteError) -> FailureError {
    FailureError::Store { cause: Box::new(error) }
}

impl SqliteStore {
    /// A change that only whoever has claimed last may make.
    async fn change_parked<T: Send>(
        &self,
        processor: &CheckpointName,
        given: u64,
        change: impl FnOnce(&Connection) -> Result<Result<T, FailureError>, SqliteError> + Send,
    ) -> Result<T, FailureError> {
        let changed = self.transaction(|tx| match check(tx.connection(), processor, given)? {
            Ok(()) => change(tx.connection()),
            Err(superseded) => Ok(Err(superseded)),
        });
        changed.await.map_err(failed)?
    }

    fn look<T>(&self, look: impl FnOnce(&Connection) -> Result<T, SqliteError>) -> Result<T, FailureError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(failed)?;
        look(&snapshot.reader().connection).map_err(failed)
    }
}

#[async_trait]
impl FailureStore for SqliteStore {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        self.transaction(|tx| claim(tx.connection(), processor)).await.map_err(failed)
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        self.change_parked(processor, token, |tx| park(tx, processor, event, capacity)).await
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        self.change_parked(processor, token, |tx| Ok(Ok(note(tx, processor, position, errors, at)?))).await
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        self.change_parked(processor, token, |tx| Ok(Ok(remove(tx, processor, position)?))).await
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        self.look(|connection| {
            let of_key = "AND position IN (SELECT position FROM parked_keys WHERE processor = ?1 AND key = ?4)";
            let sql = format!(
                "SELECT {COLUMNS} FROM parked_events WHERE processor = ?1 AND position > ?2 {} ORDER BY position LIMIT ?3",
                if key.is_some() { of_key } else { "AND ?4 IS NULL" },
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![processor.as_str(), to_bound(after.get()), limit, key])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(parked(row)?);
            }
            Ok(events)
        })
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        self.look(|connection| {
            let sql =
                "SELECT key, min(position), count(*) FROM parked_keys WHERE processor = ?1 GROUP BY key ORDER BY key";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([processor.as_str()])?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                let events: i64 = row.get(2)?;
                let events = usize::try_from(events).unwrap_or(usize::MAX);
                keys.push(ParkedKey { key: row.get(0)?, first: position(row.get(1)?), events });
            }
            Ok(keys)
        })
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        self.look(|connection| count(connection, processor))
    }
}
