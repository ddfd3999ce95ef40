//! Mutants that give, keep or list leases wrongly.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use es_core::store::{CheckpointName, Lease, LeaseError, LeaseStore};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Given = Result<Lease, LeaseError>;

const LONG: Duration = Duration::from_secs(1_000_000);

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<AlwaysGranted>(
            "a lease is granted to everybody",
            &["rule_l1_a_free_lease_is_given_and_a_held_one_is_not"],
        ),
        case::<LooksThenTakes>("two owners are given one lease at once", &["rule_l1_of_many_owners_one_gets_it"]),
        case::<TokenStays>("the token of a lease does not grow", &["rule_l2_the_token_grows_with_every_grant"]),
        case::<KeepsOwn>(
            "an owner who asks again is given the same lease",
            &["rule_l2_an_owner_who_asks_again_has_a_new_lease_and_has_lost_the_old_one"],
        ),
        case::<NewToken>("a renewal gives a new token", &["rule_l3_a_renewal_keeps_the_token_and_ends_later"]),
        case::<RenewsNothing>("a renewal changes nothing", &["rule_l3_a_renewal_keeps_the_token_and_ends_later"]),
        case::<RenewsLost>("a lost lease is renewed", &["rule_l3_a_lost_lease_is_not_renewed"]),
        case::<OnlyLater>("a renewal never ends a lease earlier", &["rule_l3_a_renewal_may_end_earlier"]),
        case::<NeverReleased>("a lease is not released", &["rule_l4_a_release_lets_another_in"]),
        case::<ReleasesAny>("the lease of another is released", &["rule_l4_what_is_anothers_is_not_released"]),
        case::<NeverEnds>("a lease does not end by itself", &["rule_l5_nobody_is_needed_to_end_a_lease"]),
        case::<FoldsOwners>(
            "owners of leases are folded to lower case",
            &["rule_l6_names_and_owners_are_told_apart_by_all_their_bytes"],
        ),
        case::<ListsReleased>("a lease that is over is listed", &["rule_l6_the_list_has_what_is_held_sorted_by_bytes"]),
        case::<OwnLeases>(
            "each handle has leases of its own",
            &[
                "rule_l1_a_lease_is_held_against_the_other_handle",
                "rule_l2_leases_and_tokens_are_there_after_a_restart",
            ],
        ),
    ]
}

#[derive(Default)]
struct AlwaysGranted;

#[async_trait]
impl Fault for AlwaysGranted {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        if let Err(LeaseError::Held { by, .. }) = store.acquire_lease(name, owner, ttl).await {
            let held = store.acquire_lease(name, &by, ttl).await?;
            store.release_lease(&held).await?;
        }
        store.acquire_lease(name, owner, ttl).await
    }
}

#[derive(Default)]
struct LooksThenTakes;

#[async_trait]
impl Fault for LooksThenTakes {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        let held = store.list_leases().await?.into_iter().find(|lease| lease.name == *name && lease.owner != owner);
        if let Some(Lease { owner: by, until, .. }) = held {
            return Err(LeaseError::Held { name: name.clone(), by, until });
        }
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_millis(1));
        AlwaysGranted.acquire_lease(store, name, owner, ttl).await
    }
}

#[derive(Default)]
struct TokenStays;

#[async_trait]
impl Fault for TokenStays {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        Ok(Lease { token: 1, ..store.acquire_lease(name, owner, ttl).await? })
    }
}

#[derive(Default)]
struct KeepsOwn;

#[async_trait]
impl Fault for KeepsOwn {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        match store.list_leases().await?.into_iter().find(|lease| lease.name == *name && lease.owner == owner) {
            Some(own) => store.renew_lease(&own, ttl).await,
            None => store.acquire_lease(name, owner, ttl).await,
        }
    }
}

#[derive(Default)]
struct NewToken;

#[async_trait]
impl Fault for NewToken {
    async fn renew_lease(&self, store: &MemoryStore, lease: &Lease, ttl: Duration) -> Given {
        store.renew_lease(lease, ttl).await?;
        store.acquire_lease(&lease.name, &lease.owner, ttl).await
    }
}

#[derive(Default)]
struct RenewsNothing;

#[async_trait]
impl Fault for RenewsNothing {
    async fn renew_lease(&self, store: &MemoryStore, lease: &Lease, _: Duration) -> Given {
        let held =
            store.list_leases().await?.into_iter().find(|held| held.name == lease.name && held.token == lease.token);
        held.ok_or_else(|| LeaseError::lost(lease))
    }
}

#[derive(Default)]
struct RenewsLost;

#[async_trait]
impl Fault for RenewsLost {
    async fn renew_lease(&self, store: &MemoryStore, lease: &Lease, ttl: Duration) -> Given {
        match store.renew_lease(lease, ttl).await {
            Err(LeaseError::Lost { .. }) => Ok(lease.clone()),
            renewed => renewed,
        }
    }
}

#[derive(Default)]
struct OnlyLater;

#[async_trait]
impl Fault for OnlyLater {
    async fn renew_lease(&self, store: &MemoryStore, lease: &Lease, ttl: Duration) -> Given {
        store.renew_lease(lease, ttl.max(Duration::from_secs(3600))).await
    }
}

#[derive(Default)]
struct NeverReleased;

#[async_trait]
impl Fault for NeverReleased {
    async fn release_lease(&self, _: &MemoryStore, _: &Lease) -> Result<(), LeaseError> {
        Ok(())
    }
}

#[derive(Default)]
struct ReleasesAny;

#[async_trait]
impl Fault for ReleasesAny {
    async fn release_lease(&self, store: &MemoryStore, lease: &Lease) -> Result<(), LeaseError> {
        match store.list_leases().await?.into_iter().find(|held| held.name == lease.name) {
            Some(held) => store.release_lease(&held).await,
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct NeverEnds;

#[async_trait]
impl Fault for NeverEnds {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, _: Duration) -> Given {
        store.acquire_lease(name, owner, LONG).await
    }
}

#[derive(Default)]
struct FoldsOwners;

#[async_trait]
impl Fault for FoldsOwners {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        store.acquire_lease(name, &owner.to_lowercase(), ttl).await
    }
}

/// All that were ever granted, the last of each name.
#[derive(Default)]
struct ListsReleased(Mutex<Vec<Lease>>);

#[async_trait]
impl Fault for ListsReleased {
    async fn acquire_lease(&self, store: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        let lease = store.acquire_lease(name, owner, ttl).await?;
        let mut all = self.0.lock().expect("nobody panics");
        all.retain(|other| other.name != lease.name);
        all.push(lease.clone());
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(lease)
    }

    async fn list_leases(&self, _: &MemoryStore) -> Result<Vec<Lease>, LeaseError> {
        Ok(self.0.lock().expect("nobody panics").clone())
    }
}

#[derive(Default)]
struct OwnLeases(MemoryStore);

#[async_trait]
impl Fault for OwnLeases {
    async fn acquire_lease(&self, _: &MemoryStore, name: &CheckpointName, owner: &str, ttl: Duration) -> Given {
        self.0.acquire_lease(name, owner, ttl).await
    }

    async fn renew_lease(&self, _: &MemoryStore, lease: &Lease, ttl: Duration) -> Given {
        self.0.renew_lease(lease, ttl).await
    }

    async fn release_lease(&self, _: &MemoryStore, lease: &Lease) -> Result<(), LeaseError> {
        self.0.release_lease(lease).await
    }

    async fn list_leases(&self, _: &MemoryStore) -> Result<Vec<Lease>, LeaseError> {
        self.0.list_leases().await
    }
}
