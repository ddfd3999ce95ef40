//! `SnapshotStore`: the rules S1 to S7. Snapshots share the commits of the appends that wait beside them.

use async_trait::async_trait;
use es_core::store::{Snapshot, SnapshotError, SnapshotStore};
use es_core::{EventId, Fingerprint, StreamId, Timestamp, Version};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::SqliteError;
use crate::row::{payload_of, position, text_or_bytes, to_bound, to_sql, version};
use crate::store::SqliteStore;
use crate::writer::{Done, Task};

/// How many fingerprints are kept of a stream: those of two programs during a deploy, and one to go back to.
const FINGERPRINTS: i64 = 3;

/// What is done to the snapshots of a stream.
#[derive(Debug)]
pub(crate) enum Change {
    Save(Snapshot),
    Delete(StreamId),
}

/// Rules S1 and S3 to S6, inside a transaction that somebody else commits.
pub(crate) fn change(tx: &Connection, change: &Change) -> Result<(), SqliteError> {
    match change {
        Change::Save(snapshot) => save(tx, snapshot),
        Change::Delete(stream) => {
            tx.prepare_cached("DELETE FROM snapshots WHERE stream_id = ?1")?.execute([stream.as_str()])?;
            Ok(())
        }
    }
}

fn save(tx: &Connection, snapshot: &Snapshot) -> Result<(), SqliteError> {
    let (stream, fingerprint) = (snapshot.stream.as_str(), to_sql(snapshot.fingerprint.get()));
    let mut last = tx.prepare_cached("SELECT coalesce(max(saved), 0) FROM snapshots WHERE stream_id = ?1")?;
    let saved = 1 + last.query_row([stream], |row| row.get::<_, i64>(0))?;
    let mut newer = tx
        .prepare_cached("UPDATE snapshots SET saved = ?3 WHERE stream_id = ?1 AND fingerprint = ?2 AND version > ?4")?;
    if newer.execute(params![stream, fingerprint, saved, to_sql(snapshot.version.get())])? == 0 {
        let mut insert = tx.prepare_cached(
            "INSERT OR REPLACE INTO snapshots (stream_id, fingerprint, saved, version, position, event_id, recorded_at,
             latest_at, taken_at, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        insert.execute(params![
            stream,
            fingerprint,
            saved,
            to_sql(snapshot.version.get()),
            to_sql(snapshot.position.get()),
            snapshot.event_id.as_uuid().as_bytes(),
            snapshot.recorded_at.as_micros(),
            snapshot.latest_at.as_micros(),
            snapshot.taken_at.as_micros(),
            text_or_bytes(&snapshot.payload),
        ])?;
    }
    let mut forget = tx.prepare_cached(
        "DELETE FROM snapshots WHERE stream_id = ?1 AND fingerprint NOT IN
         (SELECT fingerprint FROM snapshots WHERE stream_id = ?1 ORDER BY saved DESC LIMIT ?2)",
    )?;
    forget.execute(params![stream, FINGERPRINTS])?;
    Ok(())
}

/// Rule S2.
fn load(
    connection: &Connection,
    stream: &StreamId,
    fingerprint: Fingerprint,
    up_to: Version,
) -> Result<Option<Snapshot>, SqliteError> {
    let mut statement = connection.prepare_cached(
        "SELECT version, position, event_id, recorded_at, latest_at, taken_at, payload FROM snapshots
         WHERE stream_id = ?1 AND fingerprint = ?2 AND version <= ?3",
    )?;
    let found = params![stream.as_str(), to_sql(fingerprint.get()), to_bound(up_to.get())];
    let found = statement.query_row(found, |row| {
        Ok(Snapshot {
            stream: stream.clone(),
            fingerprint,
            version: version(row.get(0)?),
            position: position(row.get(1)?),
            event_id: EventId::new(Uuid::from_bytes(row.get(2)?)),
            recorded_at: Timestamp::from_micros(row.get(3)?),
            latest_at: Timestamp::from_micros(row.get(4)?),
            taken_at: Timestamp::from_micros(row.get(5)?),
            payload: payload_of(row.get_ref(6)?).unwrap_or_default(),
        })
    });
    Ok(found.optional()?)
}

impl SqliteStore {
    async fn change_snapshots(&self, stream: &StreamId, change: Change) -> Result<(), SnapshotError> {
        match self.shared.write(Task::Snapshots(change)).await {
            Ok(Done::Snapshots) => Ok(()),
            Ok(_) => unreachable!("a snapshot has the outcome of one"),
            Err(error) => Err(failed(stream, error)),
        }
    }
}

fn failed(stream: &StreamId, error: SqliteError) -> SnapshotError {
    SnapshotError::Store { stream: stream.clone(), cause: Box::new(error) }
}

#[async_trait]
impl SnapshotStore for SqliteStore {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let stream = snapshot.stream.clone();
        self.change_snapshots(&stream, Change::Save(snapshot)).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let mut snapshot = self.shared.pool.snapshot().map_err(|error| failed(stream, error))?;
        let reader = snapshot.reader();
        load(&reader.connection, stream, fingerprint, up_to).map_err(|error| failed(stream, error))
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.change_snapshots(stream, Change::Delete(stream.clone())).await
    }
}
