//! `LeaseStore`: who holds what, by name. A lease that is over stays, so that the tokens go on from its own.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use es_core::Timestamp;
use es_core::store::{CheckpointName, Lease, LeaseError, LeaseStore};

use crate::store::MemoryStore;

/// The last grant of each name: rules L1 to L6.
#[derive(Default)]
pub(crate) struct Leases(BTreeMap<CheckpointName, Lease>);

impl Leases {
    fn acquire(
        &mut self,
        name: &CheckpointName,
        owner: &str,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<Lease, LeaseError> {
        let last = self.0.get(name);
        if let Some(Lease { owner: by, until, .. }) = last.filter(|last| last.is_held(now) && last.owner != owner) {
            return Err(LeaseError::Held { name: name.clone(), by: by.clone(), until: *until });
        }
        let token = last.map_or(0, |last| last.token) + 1;
        let lease = Lease { name: name.clone(), owner: owner.to_owned(), token, until: Lease::end(now, ttl) };
        self.0.insert(name.clone(), lease.clone());
        Ok(lease)
    }

    fn held(&mut self, lease: &Lease, now: Timestamp) -> Option<&mut Lease> {
        let held = |last: &&mut Lease| last.is_held(now) && last.token == lease.token && last.owner == lease.owner;
        self.0.get_mut(&lease.name).filter(held)
    }
}

#[async_trait]
impl LeaseStore for MemoryStore {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        self.leases().acquire(name, owner, self.now(), ttl)
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        let (mut leases, now) = (self.leases(), self.now());
        let held = leases.held(lease, now).ok_or_else(|| LeaseError::lost(lease))?;
        held.until = Lease::end(now, ttl);
        Ok(held.clone())
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        let (mut leases, now) = (self.leases(), self.now());
        if let Some(held) = leases.held(lease, now) {
            held.until = Timestamp::from_micros(i64::MIN);
        }
        Ok(())
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let now = self.now();
        Ok(self.leases().0.values().filter(|lease| lease.is_held(now)).cloned().collect())
    }
}
