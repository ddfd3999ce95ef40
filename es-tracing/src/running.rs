//! Leases and parked events of the store below, with their spans. Keys of parked events are not told.

use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{
    CheckpointName, FailureError, FailureStore, Lease, LeaseError, LeaseStore, ParkCapacity, ParkedCount, ParkedEvent,
    ParkedKey,
};
use es_core::{Position, Timestamp};
use tracing::debug_span;
use tracing::field::Empty;

use crate::store::TracingStore;

#[async_trait]
impl<S: LeaseStore> LeaseStore for TracingStore<S> {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        let span = debug_span!(target: "es", "es.acquire_lease", lease = %name, owner, token = Empty, outcome = Empty);
        let reply = self.tell("acquire_lease", &span, self.store.acquire_lease(name, owner, ttl)).await;
        if let Ok(lease) = &reply {
            span.record("token", lease.token);
        }
        reply
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        let (name, token) = (&lease.name, lease.token);
        let span = debug_span!(target: "es", "es.renew_lease", lease = %name, token, outcome = Empty);
        self.tell("renew_lease", &span, self.store.renew_lease(lease, ttl)).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        let (name, token) = (&lease.name, lease.token);
        let span = debug_span!(target: "es", "es.release_lease", lease = %name, token, outcome = Empty);
        self.tell("release_lease", &span, self.store.release_lease(lease)).await
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let span = debug_span!(target: "es", "es.list_leases", outcome = Empty);
        self.tell("list_leases", &span, self.store.list_leases()).await
    }
}

#[async_trait]
impl<S: FailureStore> FailureStore for TracingStore<S> {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        let span =
            debug_span!(target: "es", "es.claim_parking", processor = %processor, token = Empty, outcome = Empty);
        let reply = self.tell("claim_parking", &span, self.store.claim_parking(processor)).await;
        if let Ok(token) = &reply {
            span.record("token", token);
        }
        reply
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        let span = debug_span!(
            target: "es", "es.park_event", processor = %processor, position = event.position.get(),
            event = %event.name, attempts = event.attempts, outcome = Empty,
        );
        self.tell("park_event", &span, self.store.park_event(processor, token, event, capacity)).await
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let span = debug_span!(
            target: "es", "es.note_parked", processor = %processor, position = position.get(), outcome = Empty,
        );
        self.tell("note_parked", &span, self.store.note_parked(processor, token, position, errors, at)).await
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        let span = debug_span!(
            target: "es", "es.remove_parked", processor = %processor, position = position.get(), outcome = Empty,
        );
        self.tell("remove_parked", &span, self.store.remove_parked(processor, token, position)).await
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        let span = debug_span!(
            target: "es", "es.parked_events", processor = %processor, after = after.get(), outcome = Empty,
        );
        self.tell("parked_events", &span, self.store.parked_events(processor, key, after, limit)).await
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        let span = debug_span!(target: "es", "es.parked_keys", processor = %processor, outcome = Empty);
        self.tell("parked_keys", &span, self.store.parked_keys(processor)).await
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        let span = debug_span!(target: "es", "es.count_parked", processor = %processor, outcome = Empty);
        self.tell("count_parked", &span, self.store.count_parked(processor)).await
    }
}
