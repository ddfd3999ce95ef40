//! Rules L1 to L6: leases. Time is that of the store, so what must end is waited for, and what must not is given an hour.

use std::time::Duration;

use es_core::store::{CheckpointName, Lease, LeaseError};

use super::rules::{L1, L2, L3, L4, L5, L6, ended, rule, same};
use super::subject::Subject;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
const MOMENT: Duration = Duration::from_millis(1);

pub(super) async fn acquire(on: &Subject, name: &CheckpointName, owner: &str, ttl: Duration) -> Lease {
    let acquired = on.leases().acquire_lease(name, owner, ttl).await;
    ended!(L1, acquired, Ok(lease) => lease, "acquiring `{name}` for `{owner}`")
}

/// The lease, as soon as the store gives it.
async fn acquire_at_last(on: &Subject, name: &CheckpointName, owner: &str) -> Lease {
    loop {
        match on.leases().acquire_lease(name, owner, HOUR).await {
            Ok(lease) => return lease,
            Err(LeaseError::Held { .. }) => std::thread::yield_now(),
            other => ended!(L1, other, Ok(lease) => return lease, "acquiring `{name}` for `{owner}`"),
        }
    }
}

pub(super) async fn is_refused(on: &Subject, name: &CheckpointName, owner: &str, held: &Lease) {
    let refused = on.leases().acquire_lease(name, owner, HOUR).await;
    let told = ended!(
        L1, refused, Err(LeaseError::Held { name, by, until }) => (name, by, until),
        "acquiring `{name}` for `{owner}` while it is held"
    );
    same!(L1, told, (name.clone(), held.owner.clone(), held.until), "what the refusal tells");
}

pub(super) async fn rule_l1_a_free_lease_is_given_and_a_held_one_is_not(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", HOUR).await;
    same!(L1, (&lease.name, &*lease.owner), (&name, "a"), "the lease");
    is_refused(on, &name, "b", &lease).await;
    let renewed = on.leases().renew_lease(&lease, HOUR).await;
    rule!(L1, renewed.is_ok(), "a refusal took the lease from its owner: {renewed:?}");
}

pub(super) async fn rule_l1_of_many_owners_one_gets_it(on: &Subject) {
    for round in 0..20 {
        let name = on.checkpoint(&format!("of{round}"));
        let given = on
            .at_once(6, |owner| {
                let (store, name) = (on.leases(), name.clone());
                async move { store.acquire_lease(&name, &format!("owner {owner}"), HOUR).await.is_ok() }
            })
            .await;
        same!(L1, given.into_iter().filter(|given| *given).count(), 1, "the number of owners who got it of six");
    }
}

pub(super) async fn rule_l2_the_token_grows_with_every_grant(on: &Subject) {
    let name = on.checkpoint("x");
    let mut last = acquire(on, &name, "a", HOUR).await;
    for (round, owner) in ["a", "a", "b", "a", "b", "b"].into_iter().enumerate() {
        if owner != last.owner {
            ended!(L4, on.leases().release_lease(&last).await, Ok(()) => (), "releasing");
        }
        let next = acquire(on, &name, owner, HOUR).await;
        rule!(L2, next.token > last.token, "grant {round} has token {} after {}", next.token, last.token);
        last = next;
    }
}

pub(super) async fn rule_l2_an_owner_who_asks_again_has_a_new_lease_and_has_lost_the_old_one(on: &Subject) {
    let name = on.checkpoint("x");
    let old = acquire(on, &name, "a", HOUR).await;
    let new = acquire(on, &name, "a", HOUR).await;
    rule!(L2, new.token > old.token, "the new token {} is not above the old one {}", new.token, old.token);
    let lost = on.leases().renew_lease(&old, HOUR).await;
    ended!(L2, lost, Err(LeaseError::Lost { .. }) => (), "renewing a lease that was granted anew");
    ended!(L2, on.leases().renew_lease(&new, HOUR).await, Ok(_) => (), "renewing the new one");
}

pub(super) async fn rule_l3_a_renewal_keeps_the_token_and_ends_later(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", HOUR).await;
    let renewed = ended!(L3, on.leases().renew_lease(&lease, 2 * HOUR).await, Ok(lease) => lease, "renewing");
    same!(L3, (renewed.token, &renewed.owner), (lease.token, &lease.owner), "the renewed lease");
    rule!(L3, renewed.until > lease.until, "the renewed lease ends at {:?}, as before", renewed.until);
    is_refused(on, &name, "b", &renewed).await;
}

pub(super) async fn rule_l3_a_lost_lease_is_not_renewed(on: &Subject) {
    let (name, store) = (on.checkpoint("x"), on.leases());
    let released = acquire(on, &name, "a", HOUR).await;
    ended!(L4, store.release_lease(&released).await, Ok(()) => (), "releasing");
    let renewed = store.renew_lease(&released, HOUR).await;
    let told = ended!(
        L3, renewed, Err(LeaseError::Lost { name, owner, token }) => (name, owner, token), "renewing what was released"
    );
    same!(L3, told, (name.clone(), "a".to_owned(), released.token), "what the refusal tells");
    let other = acquire(on, &name, "b", HOUR).await;
    ended!(L3, store.renew_lease(&released, HOUR).await, Err(LeaseError::Lost { .. }) => (), "renewing another's");
    ended!(L3, store.renew_lease(&other, HOUR).await, Ok(_) => (), "renewing what is held");
    let never = Lease { name: on.checkpoint("never"), ..other };
    ended!(L3, store.renew_lease(&never, HOUR).await, Err(LeaseError::Lost { .. }) => (), "renewing what never was");
}

pub(super) async fn rule_l3_a_renewal_may_end_earlier(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", HOUR).await;
    ended!(L3, on.leases().renew_lease(&lease, MOMENT).await, Ok(_) => (), "renewing for a moment");
    acquire_at_last(on, &name, "b").await;
}

pub(super) async fn rule_l4_a_release_lets_another_in(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", HOUR).await;
    ended!(L4, on.leases().release_lease(&lease).await, Ok(()) => (), "releasing");
    let next = on.leases().acquire_lease(&name, "b", HOUR).await;
    ended!(L4, next, Ok(_) => (), "acquiring what was released");
}

pub(super) async fn rule_l4_what_is_anothers_is_not_released(on: &Subject) {
    let (name, store) = (on.checkpoint("x"), on.leases());
    let old = acquire(on, &name, "a", HOUR).await;
    ended!(L4, store.release_lease(&old).await, Ok(()) => (), "releasing");
    let held = acquire(on, &name, "b", HOUR).await;
    let forged = Lease { owner: "c".to_owned(), ..held.clone() };
    for other in [&old, &forged] {
        ended!(L4, store.release_lease(other).await, Ok(()) => (), "releasing what is lost");
        is_refused(on, &name, "c", &held).await;
    }
    let again = acquire(on, &name, "b", HOUR).await;
    ended!(L4, store.release_lease(&held).await, Ok(()) => (), "releasing what was granted anew");
    is_refused(on, &name, "c", &again).await;
}

pub(super) async fn rule_l5_a_lease_that_is_not_renewed_ends(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", MOMENT).await;
    let next = acquire_at_last(on, &name, "b").await;
    rule!(L2, next.token > lease.token, "the next token {} is not above {}", next.token, lease.token);
    let late = on.leases().renew_lease(&lease, HOUR).await;
    ended!(L5, late, Err(LeaseError::Lost { .. }) => (), "renewing what has ended");
    is_refused(on, &name, "a", &next).await;
}

pub(super) async fn rule_l5_nobody_is_needed_to_end_a_lease(on: &Subject) {
    let name = on.checkpoint("x");
    let lease = acquire(on, &name, "a", Duration::ZERO).await;
    let late = on.leases().renew_lease(&lease, HOUR).await;
    ended!(L5, late, Err(LeaseError::Lost { .. }) => (), "renewing what ended when it began");
}

pub(super) async fn rule_l6_names_and_owners_are_told_apart_by_all_their_bytes(on: &Subject) {
    let names = ["", "a", "A", "ab", "a ", "a%", "a_", "ä", "a\u{308}", "日本🦀"];
    for (number, name) in names.into_iter().enumerate() {
        let lease = acquire(on, &on.checkpoint(name), &format!("owner {number}"), HOUR).await;
        same!(L6, lease.name, on.checkpoint(name), "the name of the lease");
    }
    let name = on.checkpoint("owners");
    let held = acquire(on, &name, "owner", HOUR).await;
    for other in ["Owner", "owner ", " owner", "owne", "", "owner\0"] {
        is_refused(on, &name, other, &held).await;
    }
}

pub(super) async fn rule_l6_the_list_has_what_is_held_sorted_by_bytes(on: &Subject) {
    let mut held = Vec::new();
    for name in ["b", "ä", "a", "B", "aa", "_", "日"] {
        held.push(acquire(on, &on.checkpoint(name), &format!("owner of {name}"), HOUR).await);
    }
    let released = acquire(on, &on.checkpoint("c"), "a", HOUR).await;
    ended!(L4, on.leases().release_lease(&released).await, Ok(()) => (), "releasing");
    acquire(on, &on.checkpoint("d"), "a", Duration::ZERO).await;
    let listed = ended!(L6, on.leases().list_leases().await, Ok(listed) => listed, "listing");
    let own = on.checkpoint("");
    let listed: Vec<_> = listed.into_iter().filter(|lease| lease.name.as_str().starts_with(own.as_str())).collect();
    held.sort_by(|one, other| one.name.as_str().as_bytes().cmp(other.name.as_str().as_bytes()));
    same!(L6, listed, held, "the list");
}
