//! All rules between two handles on one storage, and across a restart.

use std::sync::Arc;

use es_core::store::{AppendError, Appended, CheckpointError, MultiAppend, ReadModelError};
use es_core::{ExpectedVersion, Position};

use super::leasing::{HOUR, acquire, is_refused};
use super::numbered::{numbers, p, v};
use super::parking::{ROOM, all, claim, event, park};
use super::read_models::{keep, kept};
use super::rules::{F2, F3, L1, L2, M3, S1, ended, rule, same};
use super::snapshots::{latest, save, snapshot};
use super::subject::Subject;

use ExpectedVersion::{Any, Exact, NoStream};

pub(super) async fn rule_11_what_one_handle_appends_the_other_reads_and_back(on: &Subject) {
    let (second, a) = (on.second().await, on.stream("a"));
    for round in 0..10 {
        let (writer, reader) = if round % 2 == 0 { (on, &second) } else { (&second, on) };
        let appended = writer.put(&a, [round]).await;
        same!(11, numbers(&reader.whole(&a).await), (0..=round).collect::<Vec<_>>(), "the stream in the other handle");
        same!(11, numbers(&reader.own().await), (0..=round).collect::<Vec<_>>(), "the log in the other handle");
        rule!(22, Some(reader.head().await) >= appended.position, "the head in the other handle is behind");
    }
}

pub(super) async fn rule_03_a_conflict_is_seen_across_handles(on: &Subject) {
    let (second, a) = (on.second().await, on.stream("a"));
    on.put(&a, [1, 2]).await;
    let stale = second.store().append(&a, Exact(v(1)), on.events([3])).await;
    let actual =
        ended!(3, stale, Err(AppendError::Conflict { actual, .. }) => actual, "a stale append by the other handle");
    same!(3, actual, v(2), "the version that it is told");
    ended!(3, second.store().append(&a, Exact(v(2)), on.events([3])).await, Ok(_) => (), "an append by the other handle");
    ended!(3, on.store().append(&a, Exact(v(2)), on.events([4])).await, Err(AppendError::Conflict { .. }) => (), "a stale append");
}

pub(super) async fn rule_03_of_many_on_two_handles_that_expect_one_version_one_wins(on: &Subject) {
    let (second, a) = (on.second().await, on.stream("a"));
    for round in 0..20 {
        let results = on
            .at_once(8, |task| {
                let store = Arc::clone(if task % 2 == 0 { on.store() } else { second.store() });
                let (a, events) = (a.clone(), on.events([round * 8 + task]));
                async move { store.append(&a, Exact(v(round)), events).await.is_ok() }
            })
            .await;
        let won = results.into_iter().filter(|won| *won).count();
        same!(3, won, 1, "the number of winners of eight on two handles");
    }
}

pub(super) async fn rule_16_what_one_handle_sent_the_other_may_send_again(on: &Subject) {
    let (second, a) = (on.second().await, on.stream("a"));
    let first = on.put(&a, [1, 2]).await;
    on.put(&a, [3]).await;
    let again = second.store().append(&a, NoStream, on.events([1, 2])).await;
    same!(16, ended!(16, again, Ok(again) => again, "sending again by the other handle"), first, "its outcome");
    let part = second.store().append(&a, Any, on.events([3, 4])).await;
    ended!(17, part, Err(AppendError::EventIdStored { .. }) => (), "sending a part by the other handle");
    same!(16, numbers(&on.whole(&a).await), [1, 2, 3], "the stream");
}

pub(super) async fn rule_23_a_reader_on_one_handle_is_woken_by_the_other(on: &Subject) {
    let (second, a) = (on.second().await, on.stream("a"));
    if on.maybe_subscribe().is_none() {
        return super::note("the store has no `subscribe`");
    }
    for round in 0..20 {
        let (waiter, head) = (on.subscribe(), on.head().await);
        let waiting = on.spawn(async move { waiter.appended_after(head).await });
        second.put(&a, [round]).await;
        ended!(23, waiting.await, Ok(()) => (), "waiting for what the other handle appends");
    }
}

pub(super) async fn rule_26_a_checkpoint_is_the_same_on_both_handles(on: &Subject) {
    let (second, name) = (on.second().await, on.checkpoint("x"));
    if on.maybe_checkpoints().is_none() {
        return super::note("the store has no `checkpoints`");
    }
    ended!(26, on.checkpoints().save_checkpoint(&name, None, p(5)).await, Ok(()) => (), "saving");
    let loaded = ended!(26, second.checkpoints().load_checkpoint(&name).await, Ok(at) => at, "loading");
    same!(26, loaded, Some(p(5)), "the checkpoint on the other handle");
}

pub(super) async fn rule_27_what_the_other_handle_saved_is_expected(on: &Subject) {
    let (second, name) = (on.second().await, on.checkpoint("x"));
    if on.maybe_checkpoints().is_none() {
        return super::note("the store has no `checkpoints`");
    }
    let mut last = None;
    for round in 1..=6 {
        let (one, other) = if round % 2 == 0 { (on, &second) } else { (&second, on) };
        let next = p(round * 10);
        ended!(27, one.checkpoints().save_checkpoint(&name, last, next).await, Ok(()) => (), "a save by one handle");
        // What the other one saved or saw last.
        let stale = other.checkpoints().save_checkpoint(&name, last, p(round * 10 + 5)).await;
        ended!(27, stale, Err(CheckpointError::Conflict { .. }) => (), "a stale save by the other handle");
        let stale = other.checkpoints().reset_checkpoint(&name, last, p(1)).await;
        ended!(27, stale, Err(CheckpointError::Conflict { .. }) => (), "a stale reset by the other handle");
        let loaded = ended!(27, one.checkpoints().load_checkpoint(&name).await, Ok(at) => at, "loading");
        same!(27, loaded, Some(next), "the checkpoint after what was stale");
        last = Some(next);
    }
}

pub(super) async fn rule_s1_a_snapshot_is_the_same_on_both_handles(on: &Subject) {
    let second = on.second().await;
    if on.maybe_snapshots().is_none() {
        return super::note("the store has no `snapshots`");
    }
    let (first, replaced) = (snapshot(on, "a", 1, 5), snapshot(on, "a", 1, 6));
    save(on, &first).await;
    same!(S1, latest(&second, &first).await, Some(first.clone()), "the snapshot on the other handle");
    save(&second, &replaced).await;
    same!(S1, latest(on, &first).await, Some(replaced), "what the other handle has saved");
    ended!(S1, on.snapshots().delete_snapshots(&first.stream).await, Ok(()) => (), "deleting");
    same!(S1, latest(&second, &first).await, None, "what one handle has deleted, on the other,");
}

pub(super) async fn rule_l1_a_lease_is_held_against_the_other_handle(on: &Subject) {
    let (second, name) = (on.second().await, on.checkpoint("x"));
    if !on.has_leases() {
        return super::note("the store has no `leases`");
    }
    let lease = acquire(on, &name, "a", HOUR).await;
    is_refused(&second, &name, "b", &lease).await;
    ended!(L1, second.leases().renew_lease(&lease, HOUR).await, Ok(_) => (), "renewing on the other handle");
}

pub(super) async fn rule_f2_a_claim_on_one_handle_ends_that_on_the_other(on: &Subject) {
    let (second, of) = (on.second().await, on.checkpoint("x"));
    if !on.has_failures() {
        return super::note("the store has no `failures`");
    }
    let old = claim(on, &of).await;
    park(on, &of, old, &event(on, 1, &["a"])).await;
    let new = claim(&second, &of).await;
    rule!(F2, new > old, "the other handle has token {new} after {old}");
    same!(F2, all(&second, &of).await.len(), 1, "what is parked, on the other handle");
    let late = on.failures().park_event(&of, old, &event(on, 2, &["a"]), ROOM).await;
    rule!(F2, late.is_err(), "somebody parked with the token {old} after {new} was given");
}

pub(super) async fn rule_l2_leases_and_tokens_are_there_after_a_restart(on: &mut Subject) {
    if !on.has_leases() {
        return super::note("the store has no `leases`");
    }
    let (name, released) = (on.checkpoint("x"), on.checkpoint("y"));
    let lease = acquire(on, &name, "a", HOUR).await;
    let over = acquire(on, &released, "a", HOUR).await;
    ended!(L2, on.leases().release_lease(&over).await, Ok(()) => (), "releasing");
    on.reopen().await;
    is_refused(on, &name, "b", &lease).await;
    let next = acquire(on, &released, "b", HOUR).await;
    rule!(L2, next.token > over.token, "the token after a restart is {}, and was {}", next.token, over.token);
}

pub(super) async fn rule_f3_what_is_parked_is_there_after_a_restart(on: &mut Subject) {
    if !on.has_failures() {
        return super::note("the store has no `failures`");
    }
    let of = on.checkpoint("x");
    let token = claim(on, &of).await;
    let events = [event(on, 1, &["a"]), event(on, 2, &["a", "b"])];
    for event in &events {
        park(on, &of, token, event).await;
    }
    on.reopen().await;
    same!(F3, all(on, &of).await, events, "what is parked after a restart");
    let next = claim(on, &of).await;
    rule!(F2, next > token, "the token after a restart is {next}, and was {token}");
}

pub(super) async fn rule_06_everything_is_there_after_a_restart(on: &mut Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&a, [1, 2, 3]).await;
    on.put(&b, [4]).await;
    on.put(&a, [5]).await;
    let (log, of_a, head) = (on.own().await, on.whole(&a).await, on.head().await);
    on.reopen().await;
    same!(6, on.own().await, log, "the log after a restart");
    same!(6, on.whole(&a).await, of_a, "the stream after a restart");
    rule!(22, on.head().await >= head, "the head went back from {head} by a restart");
}

pub(super) async fn rule_03_expectations_and_versions_go_on_after_a_restart(on: &mut Subject) {
    let a = on.stream("a");
    let first = on.put(&a, [1, 2, 3]).await;
    on.reopen().await;
    let stale = on.store().append(&a, Exact(v(2)), on.events([4])).await;
    ended!(3, stale, Err(AppendError::Conflict { .. }) => (), "a stale append after a restart");
    let next = on.store().append(&a, Exact(v(3)), on.events([4])).await;
    let next: Appended = ended!(3, next, Ok(appended) => appended, "an append after a restart");
    same!(2, next.version, v(4), "its version");
    rule!(10, next.position > first.position, "its position {:?} is not after {:?}", next.position, first.position);
}

pub(super) async fn rule_16_what_was_sent_before_a_restart_has_its_first_outcome(on: &mut Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    let first = on.put(&a, [1, 2]).await;
    on.reopen().await;
    let again = on.store().append(&a, NoStream, on.events([1, 2])).await;
    same!(16, ended!(16, again, Ok(again) => again, "sending again after a restart"), first, "its outcome");
    if !on.has_ids_across_streams() {
        return;
    }
    let other = on.store().append(&b, Any, on.events([1])).await;
    ended!(15, other, Err(AppendError::EventIdStored { .. }) => (), "an id that was stored before a restart");
}

pub(super) async fn rule_26_checkpoints_are_there_after_a_restart(on: &mut Subject) {
    if on.maybe_checkpoints().is_none() {
        return super::note("the store has no `checkpoints`");
    }
    let name = on.checkpoint("x");
    ended!(26, on.checkpoints().save_checkpoint(&name, None, p(5)).await, Ok(()) => (), "saving");
    on.reopen().await;
    let loaded = ended!(26, on.checkpoints().load_checkpoint(&name).await, Ok(at) => at, "loading");
    same!(26, loaded, Some(Position::new(5)), "the checkpoint after a restart");
}

pub(super) async fn rule_s1_snapshots_are_there_after_a_restart(on: &mut Subject) {
    if on.maybe_snapshots().is_none() {
        return super::note("the store has no `snapshots`");
    }
    let saved = [snapshot(on, "a", 1, 5), snapshot(on, "a", 2, 7), snapshot(on, "b", 1, 3)];
    for snapshot in &saved {
        save(on, snapshot).await;
    }
    on.reopen().await;
    for snapshot in saved {
        same!(S1, latest(on, &snapshot).await, Some(snapshot), "a snapshot after a restart");
    }
}

pub(super) async fn rule_30_several_streams_are_there_after_a_restart(on: &mut Subject) {
    if on.maybe_several().is_none() {
        return super::note("the store has no `multi_stream_append`");
    }
    let (a, b) = (on.stream("a"), on.stream("b"));
    let batch = MultiAppend::new().append(&a, NoStream, on.events([1])).append(&b, NoStream, on.events([2]));
    let first =
        ended!(30, on.several().append_multi(batch.clone()).await, Ok(done) => done, "an append to two streams");
    on.reopen().await;
    same!(30, numbers(&on.whole(&b).await), [2], "the second stream after a restart");
    let again = on.several().append_multi(batch).await;
    same!(33, ended!(33, again, Ok(again) => again, "sending it again after a restart"), first, "its outcome");
}

pub(super) async fn rule_m1_a_read_model_is_the_same_on_both_handles(on: &Subject) {
    let second = on.second().await;
    if on.maybe_read_models().is_none() {
        return super::note("the store has no `read_models`");
    }
    let model = keep(on, "x").await;
    kept(&second, &model).await;
}

pub(super) async fn rule_m3_what_the_other_handle_committed_is_expected(on: &Subject) {
    let second = on.second().await;
    if on.maybe_read_models().is_none() {
        return super::note("the store has no `read_models`");
    }
    let model = keep(on, "x").await;
    let stale = second.read_models().commit_rows(&model, vec![], None, p(8)).await;
    ended!(M3, stale, Err(ReadModelError::Checkpoint(CheckpointError::Conflict { .. })) => (), "a stale commit by the other handle");
    kept(on, &model).await;
}

pub(super) async fn rule_m1_read_models_are_there_after_a_restart(on: &mut Subject) {
    if on.maybe_read_models().is_none() {
        return super::note("the store has no `read_models`");
    }
    let model = keep(on, "x").await;
    on.reopen().await;
    kept(on, &model).await;
}
