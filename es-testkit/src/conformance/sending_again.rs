//! Rules 15 to 18: what happens to an append that has been sent before.

use es_core::store::{AppendError, Appended};
use es_core::{ExpectedVersion, NewEvent, Payload, StreamId};

use super::numbered::{numbers, v};
use super::rules::{ended, rule, same};
use super::subject::Subject;

use ExpectedVersion::{Any, Exact, NoStream, StreamExists};

const ALL: [ExpectedVersion; 4] = [Any, NoStream, StreamExists, Exact(es_core::Version::new(77))];

/// Events 1 to 3 in one append and 4 to 5 in another, with one of another stream between them, and one after.
async fn stored(on: &Subject) -> (StreamId, StreamId) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&a, [1, 2, 3]).await;
    on.put(&b, [10]).await;
    on.put(&a, [4, 5]).await;
    on.put(&a, [6]).await;
    (a, b)
}

pub(super) async fn rule_15_an_id_is_stored_once_in_the_store(on: &Subject) {
    let (a, b) = stored(on).await;
    for stream in [&a, &b, &on.stream("c")] {
        let refused = on.store().append(stream, Any, on.events([1, 99])).await;
        ended!(15, refused, Err(AppendError::EventIdStored { .. }) => (), "an append with an id that is stored");
    }
    let refused = on.store().append(&b, Any, on.events([1])).await;
    ended!(15, refused, Err(AppendError::EventIdStored { .. }) => (), "an id of another stream");
    same!(15, numbers(&on.own().await), [1, 2, 3, 10, 4, 5, 6], "the log");
}

pub(super) async fn rule_16_what_is_sent_again_has_its_first_outcome_and_is_not_written_again(on: &Subject) {
    let (a, _) = stored(on).await;
    let before = on.own().await;
    let of_a = on.whole(&a).await;
    for expected in ALL {
        for batch in [1..=3, 1..=1, 2..=3, 3..=4, 1..=6, 6..=6] {
            let last = &of_a[usize::try_from(*batch.end()).unwrap_or(1) - 1];
            let again = on.store().append(&a, expected, on.events(batch.clone())).await;
            let again = ended!(16, again, Ok(again) => again, "sending {batch:?} again, expecting {expected},");
            let first = Appended { version: last.version, position: Some(last.position) };
            same!(16, again, first, "the outcome of sending {batch:?} again, expecting {expected},");
        }
    }
    same!(16, on.own().await, before, "the log after sending again");
}

pub(super) async fn rule_16_only_ids_are_compared(on: &Subject) {
    let (a, _) = stored(on).await;
    let changed = NewEvent { payload: Payload::from_static(b"77"), ..on.event(6) };
    let again = on.store().append(&a, Any, vec![changed]).await;
    ended!(16, again, Ok(_) => (), "sending an id again with another payload");
    same!(16, numbers(&on.whole(&a).await), [1, 2, 3, 4, 5, 6], "the stream after that");
}

pub(super) async fn rule_16_after_an_unknown_outcome_sending_again_stores_everything_once(on: &Subject) {
    let a = on.stream("a");
    let mut at = v(0);
    for batch in 0..20_u64 {
        // Sent up to three times, as by a client that got no answer; what it expects is the version before the first.
        let events = on.events(batch * 3..batch * 3 + 3);
        let mut outcomes = vec![];
        for _ in 0..=batch % 3 {
            let sent = on.store().append(&a, Exact(at), events.clone()).await;
            outcomes.push(ended!(16, sent, Ok(appended) => appended, "sending batch {batch} at {at}"));
        }
        rule!(16, outcomes.windows(2).all(|pair| pair[0] == pair[1]), "the outcomes of one batch are {outcomes:?}");
        at = outcomes[0].version;
    }
    same!(16, numbers(&on.whole(&a).await), (0..60).collect::<Vec<_>>(), "the stream of batches sent again");
}

pub(super) async fn rule_17_a_part_of_what_is_stored_is_refused(on: &Subject) {
    refused(on, &[("a", &[6, 7], 6, "a", 6), ("a", &[7, 6], 6, "a", 6), ("a", &[5, 6, 7], 5, "a", 5)]).await;
}

pub(super) async fn rule_17_another_order_is_refused(on: &Subject) {
    refused(on, &[("a", &[2, 1], 2, "a", 2), ("a", &[1, 3, 2], 1, "a", 1), ("a", &[5, 4], 5, "a", 5)]).await;
}

pub(super) async fn rule_17_events_that_are_not_next_to_each_other_are_refused(on: &Subject) {
    refused(on, &[("a", &[1, 3], 1, "a", 1), ("a", &[1, 2, 6], 1, "a", 1)]).await;
}

pub(super) async fn rule_17_another_stream_is_refused(on: &Subject) {
    let cases: [Refused; 4] =
        [("b", &[1, 2, 3], 1, "a", 1), ("b", &[6], 6, "a", 6), ("a", &[3, 10], 3, "a", 3), ("c", &[7, 10], 10, "b", 1)];
    refused(on, &cases).await;
}

/// To which stream, which events; which of them is named, and where it is stored.
type Refused = (&'static str, &'static [u64], u64, &'static str, u64);

async fn refused(on: &Subject, cases: &[Refused]) {
    let (a, _) = stored(on).await;
    let before = on.own().await;
    for expected in ALL {
        for (to, batch, offender, at, found) in cases {
            let refused = on.store().append(&on.stream(to), expected, on.events(batch.iter().copied())).await;
            let told = ended!(
                17, refused,
                Err(AppendError::EventIdStored { stream, id, stored_in, version }) => (stream, id, stored_in, version),
                "an append of {batch:?} to `{to}`, expecting {expected},"
            );
            let meant = (on.stream(to), on.id(*offender), on.stream(at), v(*found));
            same!(17, told, meant, "what the refusal of {batch:?} to `{to}` tells");
        }
    }
    same!(17, on.own().await, before, "the log after refusals");
    on.put(&a, [1000]).await;
}

pub(super) async fn rule_18_limits_come_before_ids_and_ids_before_what_is_expected(on: &Subject) {
    let (a, b) = stored(on).await;
    let twice = on.store().append(&a, Any, on.events([1, 1])).await;
    ended!(18, twice, Err(AppendError::DuplicateEventId { .. }) => (), "a stored id twice in an append");
    let twice = on.store().append(&a, NoStream, on.events([20, 20])).await;
    ended!(18, twice, Err(AppendError::DuplicateEventId { .. }) => (), "one id twice, expecting something else,");
    let (to, batch) = if on.has_ids_across_streams() { (&b, on.events([1])) } else { (&a, on.events([1, 99])) };
    let stored = on.store().append(to, NoStream, batch).await;
    ended!(18, stored, Err(AppendError::EventIdStored { .. }) => (), "a stored id, expecting something else,");
    let again = on.store().append(&a, NoStream, on.events([6])).await;
    ended!(18, again, Ok(_) => (), "sending again, expecting something else,");
}

pub(super) async fn rule_18_an_empty_append_is_always_new(on: &Subject) {
    let (a, _) = stored(on).await;
    let empty = on.store().append(&a, NoStream, vec![]).await;
    ended!(18, empty, Err(AppendError::Conflict { .. }) => (), "an empty append that expects something else");
}

pub(super) async fn rule_16_many_who_send_the_same_at_once_store_it_once(on: &Subject) {
    let a = on.stream("a");
    for round in 0..20 {
        let outcomes = on
            .at_once(6, |_| {
                let (store, a) = (on.store().clone(), a.clone());
                let batch = on.events([round * 2, round * 2 + 1]);
                async move { store.append(&a, Exact(v(round * 2)), batch).await }
            })
            .await;
        let outcomes: Vec<_> = outcomes
            .into_iter()
            .map(|outcome| ended!(16, outcome, Ok(appended) => appended, "one of six that send the same"))
            .collect();
        rule!(16, outcomes.windows(2).all(|pair| pair[0] == pair[1]), "six who sent the same got {outcomes:?}");
        same!(16, outcomes[0].version, v(round * 2 + 2), "the version that they got");
    }
    same!(16, numbers(&on.whole(&a).await), (0..40).collect::<Vec<_>>(), "the stream");
}
