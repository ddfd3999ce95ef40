//! Leases and parked events of the store below, with the same faults.

use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{
    CheckpointName, EventStore, FailureError, FailureStore, Lease, LeaseError, LeaseStore, ParkCapacity, ParkedCount,
    ParkedEvent, ParkedKey,
};
use es_core::{Position, Timestamp};

use super::chaos::ChaosStore;
use super::fault::{ChaosError, Operation};

fn dropped(cause: ChaosError) -> LeaseError {
    LeaseError::Store { cause: Box::new(cause) }
}

#[async_trait]
impl<S: LeaseStore + EventStore> LeaseStore for ChaosStore<S> {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        let call = || self.store.acquire_lease(name, owner, ttl);
        self.disturb(Operation::AcquireLease, call, || None).await.map_err(dropped)?
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        let call = || self.store.renew_lease(lease, ttl);
        self.disturb(Operation::RenewLease, call, || None).await.map_err(dropped)?
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        let call = || self.store.release_lease(lease);
        self.disturb(Operation::ReleaseLease, call, || None).await.map_err(dropped)?
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let call = || self.store.list_leases();
        self.disturb(Operation::ListLeases, call, || None).await.map_err(dropped)?
    }
}

fn mislaid(cause: ChaosError) -> FailureError {
    FailureError::Store { cause: Box::new(cause) }
}

#[async_trait]
impl<S: FailureStore + EventStore> FailureStore for ChaosStore<S> {
    async fn claim_parking(&self, processor: &CheckpointName) -> Result<u64, FailureError> {
        let call = || self.store.claim_parking(processor);
        self.disturb(Operation::ClaimParking, call, || None).await.map_err(mislaid)?
    }

    async fn park_event(
        &self,
        processor: &CheckpointName,
        token: u64,
        event: &ParkedEvent,
        capacity: ParkCapacity,
    ) -> Result<(), FailureError> {
        let call = || self.store.park_event(processor, token, event, capacity);
        self.disturb(Operation::ParkEvent, call, || None).await.map_err(mislaid)?
    }

    async fn note_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
        errors: &[String],
        at: Timestamp,
    ) -> Result<bool, FailureError> {
        let call = || self.store.note_parked(processor, token, position, errors, at);
        self.disturb(Operation::NoteParked, call, || None).await.map_err(mislaid)?
    }

    async fn remove_parked(
        &self,
        processor: &CheckpointName,
        token: u64,
        position: Position,
    ) -> Result<bool, FailureError> {
        let call = || self.store.remove_parked(processor, token, position);
        self.disturb(Operation::RemoveParked, call, || None).await.map_err(mislaid)?
    }

    async fn parked_events(
        &self,
        processor: &CheckpointName,
        key: Option<&str>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, FailureError> {
        let call = || self.store.parked_events(processor, key, after, limit);
        self.disturb(Operation::ParkedEvents, call, || None).await.map_err(mislaid)?
    }

    async fn parked_keys(&self, processor: &CheckpointName) -> Result<Vec<ParkedKey>, FailureError> {
        let call = || self.store.parked_keys(processor);
        self.disturb(Operation::ParkedKeys, call, || None).await.map_err(mislaid)?
    }

    async fn count_parked(&self, processor: &CheckpointName) -> Result<ParkedCount, FailureError> {
        let call = || self.store.count_parked(processor);
        self.disturb(Operation::CountParked, call, || None).await.map_err(mislaid)?
    }
}
