//! `FailureStore`: parked events by processor and position.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use es_core::store::{CheckpointName, FailureError, FailureStore, ParkCapacity, ParkedCount, ParkedEvent, ParkedKey};
use es_core::{Position, Timestamp};

use crate::store::MemoryStore;

/// What is parked of all processors.
#[derive(Default)]
pub(crate) struct Failures(HashMap<CheckpointName, Parking>);

/// What is parked of one: rules F1 to F7.
#[derive(Default)]
struct Parking {
    token: u64,
    events: BTreeMap<Position, ParkedEvent>,
}

impl Parking {
    fn keys(&self) -> BTreeMap<&str, (Position, usize)> {
        let mut keys = BTreeMap::new();
        for (position, event) in &self.events {
            let distinct: std::collections::BTreeSet<_> = event.keys.iter().collect();
            for key in distinct {
                keys.entry(key.as_str()).or_insert((*position, 0)).1 += 1;
            }
        }
        keys
    }

    fn count(&self) -> ParkedCount {
        ParkedCount { events: self.events.len(), keys: self.keys().len() }
    }
}

impl Failures {
    /// What is parked of a processor, for whoever has claimed it last.
    fn claimed(&mut self, processor: &CheckpointName, token: u64) -> Result<&mut Parking, FailureError> {
        let parking = self.0.entry(processor.clone()).or_default();
        if parking.token == token && token > 0 {
            return Ok(parking);
        }
        Err(FailureError::Superseded { processor: processor.clone(), token, actual: parking.token })
    }
}

#[async_trait]
impl FailureStore for MemoryStore {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        let mut failures = self.failures();
        let parking = failures.0.entry(processor.clone()).or_default();
        parking.token += 1;
        Ok(parking.token)
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        let mut failures = self.failures();
        let parking = failures.claimed(processor, token)?;
        if parking.events.contains_key(&event.position) {
            return Ok(());
        }
        parking.events.insert(event.position, event.clone());
        let fits = capacity.check(processor, parking.count());
        if fits.is_err() {
            parking.events.remove(&event.position);
        }
        fits
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let mut failures = self.failures();
        let Some(event) = failures.claimed(processor, token)?.events.get_mut(&position) else { return Ok(false) };
        event.attempts = event.attempts.saturating_add(1);
        event.errors = errors.to_vec();
        event.last_at = at;
        Ok(true)
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        Ok(self.failures().claimed(processor, token)?.events.remove(&position).is_some())
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        let failures = self.failures();
        let Some(parking) = failures.0.get(processor) else { return Ok(Vec::new()) };
        let is_about = |event: &&ParkedEvent| key.is_none_or(|key| event.keys.iter().any(|other| other == key));
        let later = parking.events.values().filter(|event| event.position > after);
        Ok(later.filter(is_about).take(limit).cloned().collect())
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        let failures = self.failures();
        let keys = failures.0.get(processor).map(Parking::keys).unwrap_or_default();
        let listed = keys.into_iter().map(|(key, (first, events))| ParkedKey { key: key.to_owned(), first, events });
        Ok(listed.collect())
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        Ok(self.failures().0.get(processor).map(Parking::count).unwrap_or_default())
    }
}
