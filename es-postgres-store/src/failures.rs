//! `FailureStore`: the rules F1 to F7, each change one call of a function of the schema.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::store::{CheckpointName, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
use es_core::{EventName, Position, StreamId, Timestamp};
use tokio_postgres::Row;

use crate::connection::Params;
use crate::error::PostgresError;
use crate::row::{position, to_bound, to_sql, version};
use crate::schema::SchemaName;
use crate::store::PostgresStore;
use crate::text::{all_from_stored, all_to_stored, from_stored, to_stored};

/// The statements.
pub(crate) struct Failures {
    claim: Arc<str>,
    park: Arc<str>,
    note: Arc<str>,
    remove: Arc<str>,
    events: Arc<str>,
    keys: Arc<str>,
    count: Arc<str>,
}

impl Failures {
    pub(crate) fn new(schema: &SchemaName) -> Self {
        let park = "SELECT actual, then_events, then_keys FROM
            {schema}.park_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        let claim = "INSERT INTO {schema}.parking_claims AS kept VALUES ($1, 1)
            ON CONFLICT (processor) DO UPDATE SET token = kept.token + 1 RETURNING token";
        let events = r#"SELECT position, version, attempts, first_at, last_at, stream_id, name, keys, errors
            FROM {schema}.parked_events WHERE processor = $1 AND position > $2 AND ($4::text IS NULL OR position IN
                (SELECT position FROM {schema}.parked_keys WHERE processor = $1 AND key = $4
                    AND hashtextextended(key, 0) = hashtextextended($4 COLLATE "C", 0)))
            ORDER BY position LIMIT $3"#;
        let keys = "SELECT min(position), count(*), key FROM {schema}.parked_keys WHERE processor = $1
            GROUP BY key ORDER BY key";
        let count = "SELECT (SELECT count(*) FROM {schema}.parked_events WHERE processor = $1),
            (SELECT count(DISTINCT key) FROM {schema}.parked_keys WHERE processor = $1)";
        Self {
            claim: schema.sql(claim).into(),
            park: schema.sql(park).into(),
            note: schema.sql("SELECT actual, is_there FROM {schema}.note_parked($1, $2, $3, $4, $5)").into(),
            remove: schema.sql("SELECT actual, is_there FROM {schema}.remove_parked($1, $2, $3)").into(),
            events: schema.sql(events).into(),
            keys: schema.sql(keys).into(),
            count: schema.sql(count).into(),
        }
    }
}

fn parked(row: &Row) -> Result<ParkedEvent, PostgresError> {
    let broken = |error: &dyn std::error::Error| PostgresError::broken(error.to_string());
    let (stream, name, attempts): (&str, &str, i64) = (row.try_get(5)?, row.try_get(6)?, row.try_get(2)?);
    Ok(ParkedEvent {
        position: position(row.try_get(0)?),
        stream: stream.parse::<StreamId>().map_err(|error| broken(&error))?,
        version: version(row.try_get(1)?),
        name: EventName::new(name).map_err(|error| broken(&error))?,
        keys: all_from_stored(row.try_get(7)?)?,
        errors: all_from_stored(row.try_get(8)?)?,
        attempts: u32::try_from(attempts).map_err(|error| broken(&error))?,
        first_at: Timestamp::from_micros(row.try_get(3)?),
        last_at: Timestamp::from_micros(row.try_get(4)?),
    })
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Rule F2.
fn check(processor: &CheckpointName, token: u64, actual: i64) -> Result<(), FailureError> {
    let actual = actual.cast_unsigned();
    if actual == token && token > 0 {
        return Ok(());
    }
    Err(FailureError::Superseded { processor: processor.clone(), token, actual })
}

fn failed(error: PostgresError) -> FailureError {
    FailureError::Store { cause: Box::new(error) }
}

impl PostgresStore {
    async fn one_of_parking(&self, sql: &Arc<str>, params: Params<'_>) -> Result<Row, FailureError> {
        let rows = self.query(sql, params).await.map_err(failed)?;
        rows.into_iter().next().ok_or_else(|| failed(PostgresError::broken("the parking lot gives no answer")))
    }

    /// A change of an event that may not be there.
    async fn change_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        sql: &Arc<str>,
        params: Params<'_>,
    ) -> Result<bool, FailureError> {
        let row = self.one_of_parking(sql, params).await?;
        check(processor, token, get(&row, 0)?)?;
        Ok(get::<Option<bool>>(&row, 1)?.unwrap_or(false))
    }
}

fn get<'r, T: tokio_postgres::types::FromSql<'r>>(row: &'r Row, column: usize) -> Result<T, FailureError> {
    row.try_get(column).map_err(|error| failed(error.into()))
}

#[async_trait]
impl FailureStore for PostgresStore {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        let row = self.one_of_parking(&self.shared.failures.claim, &[&processor.as_str()]).await?;
        Ok(get::<i64>(&row, 0)?.cast_unsigned())
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        let params: Params<'_> = &[
            &processor.as_str(),
            &to_sql(token),
            &to_sql(event.position.get()),
            &event.stream.as_str(),
            &to_sql(event.version.get()),
            &event.name.as_str(),
            &all_to_stored(&event.keys),
            &all_to_stored(&event.errors),
            &i64::from(event.attempts),
            &event.first_at.as_micros(),
            &event.last_at.as_micros(),
            &to_bound(capacity.events as u64),
            &to_bound(capacity.keys as u64),
        ];
        let row = self.one_of_parking(&self.shared.failures.park, params).await?;
        check(processor, token, get(&row, 0)?)?;
        capacity.check(processor, ParkedCount { events: size(get(&row, 1)?), keys: size(get(&row, 2)?) })
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let (place, errors, at) = (to_sql(position.get()), all_to_stored(errors), at.as_micros());
        let params: Params<'_> = &[&processor.as_str(), &to_sql(token), &place, &errors, &at];
        self.change_parked(processor, token, &self.shared.failures.note, params).await
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        let params: Params<'_> = &[&processor.as_str(), &to_sql(token), &to_sql(position.get())];
        self.change_parked(processor, token, &self.shared.failures.remove, params).await
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        let key = key.map(to_stored);
        let params: Params<'_> = &[&processor.as_str(), &to_bound(after.get()), &to_bound(limit as u64), &key];
        let rows = self.query(&self.shared.failures.events, params).await.map_err(failed)?;
        rows.iter().map(parked).collect::<Result<_, _>>().map_err(failed)
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        let rows = self.query(&self.shared.failures.keys, &[&processor.as_str()]).await.map_err(failed)?;
        let parked = |row: &Row| -> Result<ParkedKey, PostgresError> {
            let (first, events) = (position(row.try_get(0)?), size(row.try_get(1)?));
            Ok(ParkedKey { key: from_stored(row.try_get(2)?)?, first, events })
        };
        rows.iter().map(parked).collect::<Result<_, _>>().map_err(failed)
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        let row = self.one_of_parking(&self.shared.failures.count, &[&processor.as_str()]).await?;
        Ok(ParkedCount { events: size(get(&row, 0)?), keys: size(get(&row, 1)?) })
    }
}
