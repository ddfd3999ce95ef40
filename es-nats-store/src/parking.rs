//! Parked events: rules F1 to F7. What is parked of a processor is a table: its checkpoint is the token that was given
//! last, a row is an event, found by its position and by an index for each of its keys.

use async_trait::async_trait;
use es_core::store::{
    CheckpointName, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey, Row, RowWrite, Scan,
};
use es_core::{EventName, IndexValue, Position, StreamId, Timestamp, Version};
use serde::{Deserialize, Serialize};

use crate::change::Standing;
use crate::error::NatsError;
use crate::rows::Rows;
use crate::store::{NatsStore, Shared};
use crate::tables::{Change, Unchanged};
use crate::view::View;

/// The payload of a row; what it is found by stands beside it.
#[derive(Serialize, Deserialize)]
struct Parked {
    stream: StreamId,
    version: u64,
    name: String,
    keys: Vec<String>,
    errors: Vec<String>,
    attempts: u32,
    first_at: i64,
    last_at: i64,
}

fn failed(error: NatsError) -> FailureError {
    FailureError::Store { cause: Box::new(error) }
}

/// Positions as texts, in the same order.
fn key(position: Position) -> String {
    format!("{:020}", position.get())
}

fn row(event: &ParkedEvent) -> Row {
    let parked = Parked {
        stream: event.stream.clone(),
        version: event.version.get(),
        name: event.name.as_str().to_owned(),
        keys: event.keys.clone(),
        errors: event.errors.clone(),
        attempts: event.attempts,
        first_at: event.first_at.as_micros(),
        last_at: event.last_at.as_micros(),
    };
    Row {
        key: key(event.position),
        position: event.position,
        indexes: event.keys.iter().map(|key| (key.clone().into(), IndexValue::Integer(0))).collect(),
        payload: serde_json::to_vec(&parked).expect("numbers and texts are JSON").into(),
    }
}

fn event(row: &Row) -> Result<ParkedEvent, String> {
    let parked: Parked = serde_json::from_slice(&row.payload).map_err(|error| error.to_string())?;
    Ok(ParkedEvent {
        position: row.position,
        stream: parked.stream,
        version: Version::new(parked.version),
        name: EventName::new(&parked.name).map_err(|error| error.to_string())?,
        keys: parked.keys,
        errors: parked.errors,
        attempts: parked.attempts,
        first_at: Timestamp::from_micros(parked.first_at),
        last_at: Timestamp::from_micros(parked.last_at),
    })
}

/// Rule F2.
fn claimed(view: &View, processor: &CheckpointName, token: u64) -> Result<(), FailureError> {
    let actual = view.standing.checkpoint.map_or(0, Position::get);
    if actual == token && token > 0 {
        return Ok(());
    }
    Err(FailureError::Superseded { processor: processor.clone(), token, actual })
}

/// How much is parked, with another event if one is given.
fn count(rows: &Rows, other: Option<&Row>) -> ParkedCount {
    let new_keys = other.map_or(0, |row| row.indexes.keys().filter(|key| !rows.indexes().contains_key(*key)).count());
    ParkedCount { events: rows.len() + usize::from(other.is_some()), keys: rows.indexes().len() + new_keys }
}

impl Shared {
    /// Changes what is parked, as `decide` says.
    async fn change_parked<T>(
        &self,
        processor: &CheckpointName,
        mut decide: impl FnMut(&View) -> Result<(Option<(u64, Vec<RowWrite>)>, T), FailureError>,
    ) -> Result<T, FailureError> {
        let changed = self.parked.change(
            processor,
            || self.marks(),
            |view| {
                let (change, outcome) = decide(view)?;
                let change = change.map(|(token, writes)| {
                    let standing = Standing { checkpoint: Some(Position::new(token)), is_table: true };
                    Change { standing, writes }
                });
                Ok((change, outcome))
            },
        );
        changed.await.map_err(|unchanged| match unchanged {
            Unchanged::Refused(error) => error,
            Unchanged::Failed(error) => failed(error),
        })
    }

    fn parked_event(&self, row: &Row) -> Result<ParkedEvent, FailureError> {
        event(row).map_err(|problem| {
            let problem = format!("the parked event {}: {problem}", row.key);
            failed(self.parked.broken(0, problem))
        })
    }
}

#[async_trait]
impl FailureStore for NatsStore {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        let claim = |view: &View| {
            let token = view.standing.checkpoint.map_or(0, Position::get) + 1;
            Ok((Some((token, Vec::new())), token))
        };
        self.shared.change_parked(processor, claim).await
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        let park = |view: &View| {
            claimed(view, processor, token)?;
            let row = row(event);
            if view.rows.get(&row.key).is_some() {
                return Ok((None, ()));
            }
            capacity.check(processor, count(&view.rows, Some(&row)))?;
            Ok((Some((token, vec![RowWrite::Put(row)])), ()))
        };
        self.shared.change_parked(processor, park).await
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let note = |view: &View| {
            claimed(view, processor, token)?;
            let Some(found) = view.rows.get(&key(position)) else { return Ok((None, false)) };
            let mut event = self.shared.parked_event(found)?;
            event.attempts = event.attempts.saturating_add(1);
            event.errors = errors.to_vec();
            event.last_at = at;
            Ok((Some((token, vec![RowWrite::Put(row(&event))])), true))
        };
        self.shared.change_parked(processor, note).await
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        let remove = |view: &View| {
            claimed(view, processor, token)?;
            let key = key(position);
            let is_there = view.rows.get(&key).is_some();
            Ok((is_there.then(|| (token, vec![RowWrite::Delete(key)])), is_there))
        };
        self.shared.change_parked(processor, remove).await
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let table = self.shared.parked.current(processor).await.map_err(failed)?;
        let place = |value| es_core::store::ScanPlace { value, key: self::key(after) };
        let scan = match key {
            Some(key) => Scan::index(key.to_owned()).after(place(Some(IndexValue::Integer(0)))),
            None => Scan::keys().after(place(None)),
        };
        let (rows, _) = table.view().rows.scan(&scan.limit(limit));
        rows.iter().map(|row| self.shared.parked_event(row)).collect()
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        let table = self.shared.parked.current(processor).await.map_err(failed)?;
        let view = table.view();
        let keys = view.rows.indexes().iter().filter_map(|(key, places)| {
            let first = view.rows.get(&places.first()?.key)?.position;
            Some(ParkedKey { key: key.to_string(), first, events: places.len() })
        });
        Ok(keys.collect())
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        let table = self.shared.parked.current(processor).await.map_err(failed)?;
        Ok(count(&table.view().rows, None))
    }
}
