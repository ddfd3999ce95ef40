//! `SnapshotStore`: the rules S1 to S7, on connections that no append uses.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{Snapshot, SnapshotError, SnapshotStore};
use es_core::{EventId, Fingerprint, Payload, StreamId, Timestamp, Version};
use tokio_postgres::Row;

use crate::connection::Params;
use crate::error::PostgresError;
use crate::row::{position, to_bound, to_sql, version};
use crate::schema::SchemaName;
use crate::store::PostgresStore;

/// How many fingerprints are kept of a stream: those of two programs during a deploy, and one to go back to.
const FINGERPRINTS: i32 = 3;

/// The statements.
pub(crate) struct Snapshots {
    save: Arc<str>,
    load: Arc<str>,
    delete: Arc<str>,
}

impl Snapshots {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        Self {
            save: schema.sql("SELECT {schema}.save_snapshot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)").into(),
            load: schema
                .sql(
                    "SELECT version, position, event_id, recorded_at, latest_at, taken_at, payload FROM {schema}.snapshots
                     WHERE stream_id = $1 AND fingerprint = $2 AND version <= $3",
                )
                .into(),
            delete: schema.sql("DELETE FROM {schema}.snapshots WHERE stream_id = $1").into(),
        }
    }
}

fn snapshot(row: &Row, stream: &StreamId, fingerprint: Fingerprint) -> Result<Snapshot, PostgresError> {
    Ok(Snapshot {
        stream: stream.clone(),
        fingerprint,
        version: version(row.try_get(0)?),
        position: position(row.try_get(1)?),
        event_id: EventId::new(row.try_get(2)?),
        recorded_at: Timestamp::from_micros(row.try_get(3)?),
        latest_at: Timestamp::from_micros(row.try_get(4)?),
        taken_at: Timestamp::from_micros(row.try_get(5)?),
        payload: Payload::copy_from_slice(row.try_get(6)?),
    })
}

impl PostgresStore {
    async fn snapshots(
        &self,
        stream: &StreamId,
        sql: &Arc<str>,
        params: Params<'_>,
    ) -> Result<Vec<Row>, SnapshotError> {
        self.query(sql, params).await.map_err(|error| failed(stream, error))
    }
}

fn failed(stream: &StreamId, error: PostgresError) -> SnapshotError {
    SnapshotError::Store { stream: stream.clone(), cause: Box::new(error) }
}

#[async_trait]
impl SnapshotStore for PostgresStore {
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let stream = &snapshot.stream;
        let params: Params<'_> = &[
            &stream.as_str(),
            &to_sql(snapshot.fingerprint.get()),
            &to_sql(snapshot.version.get()),
            &to_sql(snapshot.position.get()),
            snapshot.event_id.as_uuid(),
            &snapshot.recorded_at.as_micros(),
            &snapshot.latest_at.as_micros(),
            &snapshot.taken_at.as_micros(),
            &&*snapshot.payload,
            &FINGERPRINTS,
        ];
        self.snapshots(stream, &self.shared.snapshots.save, params).await.map(drop)
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: Fingerprint,
        up_to: Version,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let params: Params<'_> = &[&stream.as_str(), &to_sql(fingerprint.get()), &to_bound(up_to.get())];
        let rows = self.snapshots(stream, &self.shared.snapshots.load, params).await?;
        let found = rows.first().map(|row| snapshot(row, stream, fingerprint)).transpose();
        found.map_err(|error| failed(stream, error))
    }

    async fn delete_snapshots(&self, stream: &StreamId) -> Result<(), SnapshotError> {
        self.snapshots(stream, &self.shared.snapshots.delete, &[&stream.as_str()]).await.map(drop)
    }
}
