//! Rules S1 to S7: snapshots.

use std::future::poll_fn;
use std::task::Poll;

use es_core::store::Snapshot;
use es_core::{ExpectedVersion, Fingerprint, Payload, Timestamp, Version};

use super::executor::yield_now;
use super::numbered::{numbers, p, v};
use super::rules::{S1, S2, S3, S4, S5, S6, S7, ended, rule, same};
use super::subject::Subject;

/// A snapshot whose parts all say which one it is.
pub(super) fn snapshot(on: &Subject, id: &str, fingerprint: u64, version: u64) -> Snapshot {
    let number = fingerprint * 1_000 + version;
    Snapshot {
        stream: on.stream(id),
        version: v(version),
        position: p(number * 10),
        event_id: on.id(number),
        recorded_at: Timestamp::from_micros(number.cast_signed()),
        latest_at: Timestamp::from_micros(number.cast_signed() + 1),
        fingerprint: Fingerprint::new(fingerprint),
        payload: Payload::from(format!("{id} {fingerprint} {version}")),
        taken_at: Timestamp::from_micros(number.cast_signed() + 2),
    }
}

pub(super) async fn save(on: &Subject, snapshot: &Snapshot) {
    let saved = on.snapshots().save_snapshot(snapshot.clone()).await;
    ended!(S1, saved, Ok(()) => (), "saving version {} of `{}`", snapshot.version, snapshot.stream);
}

async fn load(on: &Subject, like: &Snapshot, up_to: Version) -> Option<Snapshot> {
    let loaded = on.snapshots().load_snapshot(&like.stream, like.fingerprint, up_to).await;
    ended!(S2, loaded, Ok(found) => found, "loading up to {up_to} of `{}`", like.stream)
}

/// The latest snapshot that has the stream and the fingerprint of this one.
pub(super) async fn latest(on: &Subject, like: &Snapshot) -> Option<Snapshot> {
    load(on, like, Version::MAX).await
}

async fn delete(on: &Subject, of: &Snapshot) {
    ended!(S6, on.snapshots().delete_snapshots(&of.stream).await, Ok(()) => (), "deleting those of `{}`", of.stream);
}

pub(super) async fn rule_s1_every_part_of_a_snapshot_is_kept_as_it_is_given(on: &Subject) {
    let first = snapshot(on, "Zoë O'Brien; \"x\" -- %_日本 / 🦀", 1, 1);
    let odd = [
        first.clone(),
        Snapshot { stream: on.stream("position"), position: p(i64::MAX as u64), ..first.clone() },
        Snapshot { stream: on.stream("version"), version: v(i64::MAX as u64), ..first.clone() },
        Snapshot { stream: on.stream("recorded"), recorded_at: Timestamp::from_micros(i64::MIN), ..first.clone() },
        Snapshot { stream: on.stream("latest"), latest_at: Timestamp::from_micros(i64::MAX), ..first.clone() },
        Snapshot { stream: on.stream("taken"), taken_at: Timestamp::from_micros(-1), ..first.clone() },
        Snapshot { stream: on.stream("none"), fingerprint: Fingerprint::new(0), ..first.clone() },
        Snapshot { stream: on.stream("all"), fingerprint: Fingerprint::new(u64::MAX), ..first.clone() },
    ];
    for snapshot in &odd {
        same!(S1, latest(on, snapshot).await, None, "a snapshot that was never saved");
        save(on, snapshot).await;
    }
    for snapshot in odd {
        same!(S1, latest(on, &snapshot).await, Some(snapshot), "a snapshot that was saved once");
    }
}

pub(super) async fn rule_s1_payloads_of_every_byte_and_size_are_kept(on: &Subject) {
    let bytes: Vec<u8> = (0..=255).collect();
    let payloads = [
        vec![],
        vec![0; 3],
        bytes.clone(),
        b"\xef\xbb\xbf{\"a\" :  1}\r\n".to_vec(),
        b"\xff\xfe\xc3\x28".to_vec(),
        bytes.repeat(4096),
    ];
    for (version, payload) in (1..).zip(payloads) {
        let given = Snapshot { payload: payload.into(), ..snapshot(on, "a", 1, version) };
        save(on, &given).await;
        let found = latest(on, &given).await;
        rule!(S1, found == Some(given), "the payload of snapshot {version} is not what was given");
    }
}

pub(super) async fn rule_s1_of_many_savers_and_readers_each_sees_a_whole_snapshot(on: &Subject) {
    let whole = |version: u64| Snapshot {
        payload: Payload::from(vec![version as u8; 1_000 * version as usize]),
        ..snapshot(on, "a", 1, version)
    };
    let all: Vec<_> = (1..=40).map(whole).collect();
    on.at_once(8, |task| {
        let (store, all) = (on.snapshots(), all.clone());
        async move {
            for snapshot in all.iter().skip(task as usize).step_by(8) {
                ended!(S1, store.save_snapshot(snapshot.clone()).await, Ok(()) => (), "saving while others save");
                let found = store.load_snapshot(&snapshot.stream, snapshot.fingerprint, Version::MAX).await;
                let found = ended!(S1, found, Ok(Some(found)) => found, "loading while others save");
                rule!(S1, all.contains(&found), "version {} is seen as nobody has saved it", found.version);
                rule!(S3, found.version >= snapshot.version, "{} is seen after a later one was saved", found.version);
            }
        }
    })
    .await;
    let last = &all[all.len() - 1];
    rule!(S3, latest(on, last).await.as_ref() == Some(last), "the highest version that eight have saved is not kept");
}

pub(super) async fn rule_s2_the_latest_at_or_below_a_version_is_loaded(on: &Subject) {
    let older = snapshot(on, "a", 1, 5);
    save(on, &older).await;
    for (up_to, meant) in [(0, None), (4, None), (5, Some(&older)), (6, Some(&older)), (u64::MAX, Some(&older))] {
        same!(S2, load(on, &older, v(up_to)).await.as_ref(), meant, "the latest up to {up_to} of 5");
    }
    let newer = snapshot(on, "a", 1, 10);
    save(on, &newer).await;
    for up_to in [10, 11, i64::MAX as u64, u64::MAX] {
        same!(S2, load(on, &newer, v(up_to)).await.as_ref(), Some(&newer), "the latest up to {up_to} of 5 and 10");
    }
    for up_to in [5, 9] {
        // The older one may have been forgotten.
        let found = load(on, &newer, v(up_to)).await;
        rule!(
            S2,
            found.as_ref().is_none_or(|found| *found == older),
            "the latest up to {up_to} of 5 and 10 is {found:?}"
        );
    }
    same!(S2, load(on, &newer, v(4)).await, None, "the latest up to 4 of 5 and 10");
}

pub(super) async fn rule_s2_other_streams_and_other_fingerprints_have_none(on: &Subject) {
    let given = snapshot(on, "a", 1, 5);
    save(on, &given).await;
    let other = Snapshot { stream: on.stream("b"), ..given.clone() };
    same!(S2, latest(on, &other).await, None, "the snapshot of another stream");
    let other = Snapshot { stream: on.stream_in("other", "a"), ..given.clone() };
    same!(S2, latest(on, &other).await, None, "the snapshot of another category");
    for fingerprint in [0, 2, 1 + (1 << 32), 1 + (1 << 63), u64::MAX] {
        let other = Snapshot { fingerprint: Fingerprint::new(fingerprint), ..given.clone() };
        same!(S2, latest(on, &other).await, None, "the snapshot of another fingerprint");
    }
    same!(S2, latest(on, &given).await, Some(given), "the snapshot");
}

pub(super) async fn rule_s2_streams_with_colliding_prefixes_are_told_apart(on: &Subject) {
    let ids = ["a", "ab", "A", "a ", " a", "a-b", "a%", "a_", "%", "_", "ä", "a\u{308}", "aa", "a-", "a\u{200b}"];
    let given: Vec<_> = (1..).zip(ids).map(|(version, id)| snapshot(on, id, 1, version)).collect();
    for snapshot in &given {
        save(on, snapshot).await;
    }
    for snapshot in given {
        same!(S2, latest(on, &snapshot).await, Some(snapshot), "the snapshot of one stream among many");
    }
}

pub(super) async fn rule_s3_a_lower_version_that_is_saved_late_takes_nothing_away(on: &Subject) {
    let highest = snapshot(on, "a", 1, 10);
    save(on, &highest).await;
    for late in [4, 9, 1] {
        let late = snapshot(on, "a", 1, late);
        save(on, &late).await;
        same!(S3, latest(on, &highest).await.as_ref(), Some(&highest), "the latest after {} came late", late.version);
        let found = load(on, &late, late.version).await;
        rule!(
            S3,
            found.as_ref().is_none_or(|found| found.version <= late.version),
            "below what came late is {found:?}"
        );
    }
    let next = snapshot(on, "a", 1, 11);
    save(on, &next).await;
    same!(S3, latest(on, &next).await, Some(next), "the latest after a higher one");
}

pub(super) async fn rule_s4_a_version_that_is_saved_again_is_replaced(on: &Subject) {
    let first = snapshot(on, "a", 1, 5);
    let second = Snapshot { version: first.version, ..snapshot(on, "a", 1, 6) };
    let third = Snapshot { payload: Payload::new(), ..first.clone() };
    for given in [&first, &second, &second, &third] {
        save(on, given).await;
        same!(S4, latest(on, given).await.as_ref(), Some(given), "a version that was saved again");
    }
}

pub(super) async fn rule_s5_the_two_fingerprints_that_were_saved_last_are_kept(on: &Subject) {
    let programs = [1, 2, 1, 2, 1, 1, 2, 2, 2, 1, 3, 2, 3, 2, 4, 5, 6, 5, 6, 7, 1];
    let mut last: Vec<Snapshot> = vec![];
    for (version, program) in (1..).zip(programs) {
        let given = snapshot(on, "a", program, version);
        save(on, &given).await;
        last.retain(|other| other.fingerprint != given.fingerprint);
        last.push(given);
        for kept in last.iter().rev().take(2) {
            let found = latest(on, kept).await;
            same!(S5, found.as_ref(), Some(kept), "the snapshot of one of two programs after {version} saves");
        }
    }
}

pub(super) async fn rule_s6_a_deletion_forgets_all_of_one_stream_and_nothing_else(on: &Subject) {
    let gone = [snapshot(on, "a", 1, 5), snapshot(on, "a", 1, 10), snapshot(on, "a", 2, 7)];
    let others = ["A", "ab", "a_", "%", "b"].map(|id| snapshot(on, id, 1, 5));
    for snapshot in gone.iter().chain(&others) {
        save(on, snapshot).await;
    }
    delete(on, &gone[0]).await;
    for snapshot in &gone {
        for up_to in [5, 7, 10, u64::MAX] {
            same!(S6, load(on, snapshot, v(up_to)).await, None, "a snapshot of a stream whose are deleted");
        }
    }
    for other in others {
        same!(S6, latest(on, &other).await, Some(other), "a snapshot of another stream");
    }
    save(on, &gone[0]).await;
    same!(S6, latest(on, &gone[0]).await.as_ref(), Some(&gone[0]), "a lower one that is saved after the deletion");
}

pub(super) async fn rule_s6_what_is_not_there_can_be_deleted(on: &Subject) {
    let (never, given) = (snapshot(on, "never", 1, 1), snapshot(on, "a", 1, 5));
    delete(on, &never).await;
    save(on, &given).await;
    delete(on, &never).await;
    same!(S6, latest(on, &given).await.as_ref(), Some(&given), "the snapshot of another stream");
    delete(on, &given).await;
    delete(on, &given).await;
    same!(S6, latest(on, &given).await, None, "a snapshot that was deleted twice");
}

pub(super) async fn rule_s7_events_know_nothing_of_snapshots(on: &Subject) {
    let (a, empty) = (on.stream("a"), on.stream("empty"));
    on.put(&a, [1, 2, 3]).await;
    let (log, of_a) = (on.own().await, on.whole(&a).await);
    // Neither of these events is in the log.
    let given = [snapshot(on, "a", 1, 99), snapshot(on, "empty", 1, 5)];
    for snapshot in &given {
        save(on, snapshot).await;
    }
    same!(S7, on.own().await, log, "the log after saving");
    same!(S7, on.whole(&a).await, of_a, "the stream after saving");
    same!(S7, on.version(&empty).await, Version::EMPTY, "the version of a stream without events");
    let created = on.store().append(&empty, ExpectedVersion::NoStream, on.events([4])).await;
    ended!(S7, created, Ok(_) => (), "creating a stream that has a snapshot");
    let next = on.store().append(&a, ExpectedVersion::Exact(v(3)), on.events([5])).await;
    ended!(S7, next, Ok(_) => (), "an append at the version of the stream");
    for snapshot in given {
        same!(S7, latest(on, &snapshot).await.as_ref(), Some(&snapshot), "a snapshot after an append");
        delete(on, &snapshot).await;
    }
    same!(S7, numbers(&on.own().await), [1, 2, 3, 4, 5], "the log after deleting");
    same!(S7, numbers(&on.whole(&a).await), [1, 2, 3, 5], "the stream after deleting");
}

/// A save that was begun and is not polled on: whoever needs it to end waits for ever.
pub(super) async fn rule_s7_no_append_waits_for_a_snapshot(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [0]).await;
    for begun in 1..=12_u64 {
        let (store, given) = (on.snapshots(), snapshot(on, "a", 1, begun));
        let large = Snapshot { payload: vec![b'x'; 100_000].into(), ..given };
        let mut save = Box::pin(store.save_snapshot(large.clone()));
        let mut is_over = false;
        for _ in 0..begun {
            is_over = is_over || poll_fn(|cx| Poll::Ready(save.as_mut().poll(cx).is_ready())).await;
            yield_now().await;
        }
        for (stream, number) in [(&a, begun), (&on.stream(&begun.to_string()), begun + 100)] {
            let appended = on.store().append(stream, ExpectedVersion::Any, on.events([number])).await;
            ended!(S7, appended, Ok(_) => (), "an append while a save is held");
        }
        if is_over {
            continue;
        }
        ended!(S1, save.await, Ok(()) => (), "a save that was held");
        same!(S1, latest(on, &large).await, Some(large), "a snapshot whose save was held");
    }
}
