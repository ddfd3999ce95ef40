//! The capability to give one of many the right to do something, for a time.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;

use super::CheckpointName;
use crate::time::Timestamp;

/// A place where nodes agree on who does what.
///
/// A lease ends by itself when it is not renewed, by the time of the store and not of its holder, who may be asleep and
/// not know it yet; so whoever acts on it must be able to tell a late act by its [token](Lease::token), or by the
/// checkpoint that it moves.
///
/// # Contract
///
/// - L1. A lease is granted if nobody holds one of that name, or if what was granted has ended, or to the owner who
///   holds it. To anybody else it is [held](LeaseError::Held), and nothing changes. Of several owners who ask at once, one
///   gets it.
/// - L2. Each grant has a token that is higher than those of all grants of that name before, also after a release and
///   after a restart. The lease that an owner held before a new grant is lost.
/// - L3. A renewal keeps the token, and ends one `ttl` from now, be that later or earlier than before. A lease that has been
///   granted anew or released is [lost](LeaseError::Lost), and stays so; one that has ended is as well.
/// - L4. A release ends the lease that is given and no other; one that is lost already is no error, and changes nothing.
/// - L5. A lease is held up to, and not at, its end, as the clock of the store shows it.
/// - L6. Names are told apart by all their bytes, and owners too. The list has the leases that are held, sorted by the
///   bytes of their names.
///
/// Fencing tokens are Kleppmann's (How to do distributed locking, 2016).
///
/// ```
/// use std::time::Duration;
///
/// use es_core::store::{CheckpointName, LeaseError, LeaseStore};
/// use es_memory_store::MemoryStore;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, minute) = (MemoryStore::new(), Duration::from_secs(60));
/// let balances = CheckpointName::new("balances")?;
/// let lease = store.acquire_lease(&balances, "node 1", minute).await?;
///
/// let second = store.acquire_lease(&balances, "node 2", minute).await;
/// assert!(matches!(second, Err(LeaseError::Held { by, .. }) if by == "node 1"));
///
/// store.release_lease(&lease).await?;
/// assert!(store.acquire_lease(&balances, "node 2", minute).await?.token > lease.token);
/// assert!(matches!(store.renew_lease(&lease, minute).await, Err(LeaseError::Lost { .. })));
/// # Ok(()) }
/// ```
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Gives `owner` the lease for `ttl` from now. Rules L1, L2 and L5.
    ///
    /// # Errors
    /// See [`LeaseError`]; unless it is [`LeaseError::Store`], nothing has changed.
    async fn acquire_lease(&self, name: &CheckpointName, owner: &str, ttl: Duration) -> Result<Lease, LeaseError>;

    /// Holds a lease on to `ttl` from now. Rules L3 and L5.
    ///
    /// # Errors
    /// See [`LeaseError`]; unless it is [`LeaseError::Store`], nothing has changed.
    async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<Lease, LeaseError>;

    /// Gives a lease back. Rule L4.
    ///
    /// # Errors
    /// [`LeaseError::Store`].
    async fn release_lease(&self, lease: &Lease) -> Result<(), LeaseError>;

    /// All leases that are held. Rule L6.
    ///
    /// # Errors
    /// [`LeaseError::Store`].
    async fn list_leases(&self) -> Result<Vec<Lease>, LeaseError>;
}

/// The right of an owner to do what a name stands for, until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What for.
    pub name: CheckpointName,
    /// Who holds it.
    pub owner: String,
    /// Higher than that of any grant of the name before.
    pub token: u64,
    /// When it ends, by the clock of the store.
    pub until: Timestamp,
}

impl Lease {
    /// When a lease ends that begins `now`; for implementors of stores.
    pub fn end(now: Timestamp, ttl: Duration) -> Timestamp {
        let ttl = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(now.as_micros().saturating_add(ttl))
    }

    /// Whether the lease is held at `now`: rule L5; for implementors of stores.
    pub fn is_held(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// Why a lease was not given or not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Somebody else has it.
    #[error("`{name}` is held by `{by}` until {until}")]
    Held {
        /// The name.
        name: CheckpointName,
        /// Who holds it.
        by: String,
        /// When it ends, unless it is renewed.
        until: Timestamp,
    },
    /// It is not the owner's any more: it has ended, been released, or been granted again.
    #[error("`{owner}` has lost the lease `{name}` with token {token}")]
    Lost {
        /// The name.
        name: CheckpointName,
        /// Who held it.
        owner: String,
        /// The token of the lease.
        token: u64,
    },
    /// The store failed; what was asked for may or may not have been done.
    #[error("the store failed to keep leases")]
    Store {
        /// The error of the store.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl LeaseError {
    /// That a lease is lost.
    pub fn lost(lease: &Lease) -> Self {
        Self::Lost { name: lease.name.clone(), owner: lease.owner.clone(), token: lease.token }
    }
}
