//! `LeaseStore`: the rules L1 to L6, each change in a transaction of its own.

use std::time::Duration;

use async_trait::async_trait;
use es_core::Timestamp;
use es_core::store::{CheckpointName, Lease, LeaseError, LeaseStore};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::SqliteError;
use crate::row::to_sql;
use crate::store::SqliteStore;

const COLUMNS: &str = "name, owner, token, held_until";

fn lease(row: &Row<'_>) -> Result<Lease, SqliteError> {
    let name: String = row.get(0)?;
    let name = CheckpointName::new(&name).map_err(|error| SqliteError::broken(error.to_string()))?;
    let (token, until): (i64, i64) = (row.get(2)?, row.get(3)?);
    Ok(Lease { name, owner: row.get(1)?, token: token.cast_unsigned(), until: Timestamp::from_micros(until) })
}

/// The last grant of a name, be it over or not.
fn last(connection: &Connection, name: &CheckpointName) -> Result<Option<Lease>, SqliteError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM leases WHERE name = ?1"))?;
    statement.query_row([name.as_str()], |row| Ok(lease(row))).optional()?.transpose()
}

fn keep(connection: &Connection, lease: &Lease) -> Result<(), SqliteError> {
    let sql = "INSERT OR REPLACE INTO leases (name, owner, token, held_until) VALUES (?1, ?2, ?3, ?4)";
    let row = params![lease.name.as_str(), lease.owner, to_sql(lease.token), lease.until.as_micros()];
    connection.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn acquire(
    connection: &Connection,
    name: &CheckpointName,
    owner: &str,
    now: Timestamp,
    ttl: Duration,
) -> Result<Result<Lease, LeaseError>, SqliteError> {
    let last = last(connection, name)?;
    if let Some(held) = last.as_ref().filter(|last| last.is_held(now) && last.owner != owner) {
        return Ok(Err(LeaseError::Held { name: name.clone(), by: held.owner.clone(), until: held.until }));
    }
    let token = last.map_or(0, |last| last.token) + 1;
    let lease = Lease { name: name.clone(), owner: owner.to_owned(), token, until: Lease::end(now, ttl) };
    keep(connection, &lease)?;
    Ok(Ok(lease))
}

/// Ends a lease at another time, if it is still held.
fn end_at(
    connection: &Connection,
    lease: &Lease,
    now: Timestamp,
    until: Timestamp,
) -> Result<Result<Lease, LeaseError>, SqliteError> {
    let last = last(connection, &lease.name)?;
    let held = last.filter(|last| last.is_held(now) && last.token == lease.token && last.owner == lease.owner);
    let Some(held) = held else { return Ok(Err(LeaseError::lost(lease))) };
    let lease = Lease { until, ..held };
    keep(connection, &lease)?;
    Ok(Ok(lease))
}

fn failed(error: SqliteError) -> LeaseError {
    LeaseError::Store { cause: Box::new(error) }
}

#[async_trait]
impl LeaseStore for SqliteStore {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        self.transaction(|tx| acquire(tx.connection(), name, owner, self.now(), ttl)).await.map_err(failed)?
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        let renew = |connection: &Connection| {
            let now = self.now();
            end_at(connection, lease, now, Lease::end(now, ttl))
        };
        self.transaction(|tx| renew(tx.connection())).await.map_err(failed)?
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        let over = Timestamp::from_micros(i64::MIN);
        let released = self.transaction(|tx| end_at(tx.connection(), lease, self.now(), over)).await;
        match released.map_err(failed)? {
            Ok(_) | Err(LeaseError::Lost { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let listed = || -> Result<Vec<Lease>, SqliteError> {
            let mut snapshot = self.shared.pool.snapshot()?;
            let sql = format!("SELECT {COLUMNS} FROM leases WHERE held_until > ?1 ORDER BY name");
            let mut statement = snapshot.reader().connection.prepare_cached(&sql)?;
            let mut rows = statement.query([self.now().as_micros()])?;
            let mut leases = Vec::new();
            while let Some(row) = rows.next()? {
                leases.push(lease(row)?);
            }
            Ok(leases)
        };
        listed().map_err(failed)
    }
}
