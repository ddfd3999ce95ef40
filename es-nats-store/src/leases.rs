//! Leases: rules L1 to L6. Each name has a key, whose value is its last grant, be it over or not.
//!
//! The clock is that of the server that leads the bucket, as it answers when it is asked; a grant that is refused by the
//! revision of its key was asked for too late.

use std::time::Duration;

use async_trait::async_trait;
use es_core::Timestamp;
use es_core::store::{CheckpointName, Lease, LeaseError, LeaseStore};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::NatsError;
use crate::js::{answer, refused};
use crate::store::{NatsStore, Shared};
use crate::subject;

/// When a lease has ended that was given back.
const OVER: Timestamp = Timestamp::from_micros(i64::MIN);

/// A value.
#[derive(Serialize, Deserialize)]
struct Grant {
    owner: String,
    token: u64,
    /// Microseconds since 1970, by the clock of the server.
    until: i64,
    /// By which its writer knows it.
    mark: Uuid,
}

#[derive(Deserialize)]
struct Info {
    ts: String,
}

fn failed(error: NatsError) -> LeaseError {
    LeaseError::Store { cause: Box::new(error) }
}

impl Grant {
    fn lease(self, name: &CheckpointName) -> Lease {
        Lease { name: name.clone(), owner: self.owner, token: self.token, until: Timestamp::from_micros(self.until) }
    }
}

impl Shared {
    /// The time of the server that leads the bucket.
    async fn server_time(&self) -> Result<Timestamp, NatsError> {
        let (stream, question) = (self.leases.stream(), format!("$JS.API.STREAM.INFO.{}", self.leases.stream()));
        let info = self.js.call::<Info>(&question, &()).await?;
        let Info { ts } = info.map_err(|refusal| refused(stream, refusal))?;
        ts.parse().map_err(|_| answer(&question, &format!("`{ts}` is not a time")))
    }

    fn grant(&self, sequence: u64, value: &[u8]) -> Result<Grant, NatsError> {
        serde_json::from_slice(value).map_err(|error| {
            let (stream, problem) = (self.leases.stream().to_owned(), format!("it is no lease: {error}"));
            NatsError::Broken { stream, sequence, problem }
        })
    }

    /// Replaces the last grant of a name as `decide` says, which knows it and the time.
    async fn grant_anew(
        &self,
        name: &CheckpointName,
        decide: impl Fn(Option<Lease>, Timestamp) -> Result<Lease, LeaseError>,
    ) -> Result<Lease, LeaseError> {
        let (key, mark) = (subject::token(name.as_str()), self.marks());
        let mut attempts = self.js.attempts();
        loop {
            // A lease that ends while it is asked for is refused at worst.
            let (now, entry) = futures_util::future::join(self.server_time(), self.leases.load(&key)).await;
            let (now, entry) = (now.map_err(failed)?, entry.map_err(failed)?);
            let last = entry.value.map(|value| self.grant(entry.revision, &value)).transpose().map_err(failed)?;
            if let Some(own) = last.as_ref().filter(|last| last.mark == mark) {
                // The answer to the first attempt was lost.
                let Grant { token, until, .. } = *own;
                let owner = own.owner.clone();
                return Ok(Grant { owner, token, until, mark }.lease(name));
            }
            let lease = decide(last.map(|last| last.lease(name)), now)?;
            let grant = Grant { owner: lease.owner.clone(), token: lease.token, until: lease.until.as_micros(), mark };
            let value = serde_json::to_vec(&grant).expect("numbers and texts are JSON");
            let bytes = value.len() + key.len() + 512;
            if bytes > self.max_message {
                return Err(failed(NatsError::TooLarge { bytes, limit: self.max_message }));
            }
            if self.leases.replace(&key, entry.revision, Some(value.into())).await.map_err(failed)? {
                return Ok(lease);
            }
            attempts.again("others change the lease each time").await.map_err(failed)?;
        }
    }
}

/// The last grant, if it is that of the lease and still held.
fn held(last: Option<Lease>, lease: &Lease, now: Timestamp) -> Result<Lease, LeaseError> {
    let is_own = |last: &Lease| last.is_held(now) && last.token == lease.token && last.owner == lease.owner;
    last.filter(is_own).ok_or_else(|| LeaseError::lost(lease))
}

#[async_trait]
impl LeaseStore for NatsStore {
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError> {
        let acquire = |last: Option<Lease>, now| {
            if let Some(held) = last.as_ref().filter(|last| last.is_held(now) && last.owner != owner) {
                let (name, by, until) = (name.clone(), held.owner.clone(), held.until);
                return Err(LeaseError::Held { name, by, until });
            }
            let token = last.map_or(0, |last| last.token) + 1;
            Ok(Lease { name: name.clone(), owner: owner.to_owned(), token, until: Lease::end(now, ttl) })
        };
        self.shared.grant_anew(name, acquire).await
    }

    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError> {
        let renew = |last, now| Ok(Lease { until: Lease::end(now, ttl), ..held(last, lease, now)? });
        self.shared.grant_anew(&lease.name, renew).await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError> {
        let release = |last, now| Ok(Lease { until: OVER, ..held(last, lease, now)? });
        match self.shared.grant_anew(&lease.name, release).await {
            Ok(_) | Err(LeaseError::Lost { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError> {
        let now = self.shared.server_time().await.map_err(failed)?;
        let mut leases = Vec::new();
        for (key, entry) in self.shared.leases.list("").await.map_err(failed)? {
            let Some(value) = entry.value else { continue };
            let name = subject::name(&key).and_then(|name| CheckpointName::new(&name).ok()).ok_or_else(|| {
                let (stream, problem) = (self.shared.leases.stream().to_owned(), format!("`{key}` is no name"));
                failed(NatsError::Broken { stream, sequence: entry.revision, problem })
            })?;
            leases.push(self.shared.grant(entry.revision, &value).map_err(failed)?.lease(&name));
        }
        leases.retain(|lease| lease.is_held(now));
        leases.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(leases)
    }
}
