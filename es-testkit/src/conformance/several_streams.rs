//! Rules 30 to 34: appends to several streams.

use es_core::store::{AppendError, MultiAppend, MultiAppendError, MultiAppended, StreamAppended, Violation};
use es_core::{ExpectedVersion, NewEvent, Payload, Position, StreamId};

use super::numbered::{numbers, p, v, versions};
use super::rules::{ended, rule, same};
use super::subject::Subject;

use ExpectedVersion::{Any, Exact, NoStream, StreamExists};

async fn done(on: &Subject, batch: MultiAppend, what: &str) -> MultiAppended {
    ended!(30, on.several().append_multi(batch).await, Ok(done) => done, "{what}")
}

pub(super) async fn rule_30_streams_interleave_in_the_log_as_given(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&b, [1]).await;
    let batch = MultiAppend::new()
        .append(&a, NoStream, on.events([2]))
        .append(&b, Exact(v(1)), on.events([3]))
        .then(&a, on.events([4]))
        .then(&b, on.events([5]))
        .then(&a, on.events([6]));
    done(on, batch, "an append to two streams").await;
    same!(30, numbers(&on.own().await), [1, 2, 3, 4, 5, 6], "the log");
    let (of_a, of_b) = (on.whole(&a).await, on.whole(&b).await);
    same!(30, numbers(&of_a), [2, 4, 6], "the one stream");
    same!(30, versions(&of_a), [1, 2, 3], "its versions");
    same!(30, numbers(&of_b), [1, 3, 5], "the other stream");
    same!(30, versions(&of_b), [1, 2, 3], "its versions");
}

pub(super) async fn rule_30_a_batch_of_one_stream_is_an_append(on: &Subject) {
    let a = on.stream("a");
    done(on, MultiAppend::new().append(&a, NoStream, on.events([1, 2])), "an append to one stream").await;
    same!(30, numbers(&on.whole(&a).await), [1, 2], "the stream");
    let next = on.store().append(&a, Exact(v(2)), on.events([3])).await;
    ended!(30, next, Ok(_) => (), "an ordinary append after it");
}

pub(super) async fn rule_30_if_one_stream_is_not_as_expected_none_is_written(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&b, [1]).await;
    for turned in [false, true] {
        let to_a = (&a, NoStream, on.events([2, 3]));
        let to_b = (&b, Exact(v(7)), on.events([4]));
        let parts = if turned { [to_b, to_a] } else { [to_a, to_b] };
        let batch = parts
            .into_iter()
            .fold(MultiAppend::new(), |batch, (to, expected, events)| batch.append(to, expected, events));
        let refused = on.several().append_multi(batch).await;
        ended!(32, refused, Err(MultiAppendError::Conflict { .. }) => (), "an append of which one stream conflicts");
        same!(30, numbers(&on.own().await), [1], "the log after it");
        same!(30, on.version(&a).await, v(0), "the version of the stream that was as expected");
    }
    done(on, MultiAppend::new().append(&a, NoStream, on.events([2])), "an append to it").await;
}

/// Every expectation, of a missing stream and of one at version 2, appended to or only checked.
async fn expectations(on: &Subject, is_check: bool) {
    let cases = [Any, NoStream, StreamExists, Exact(v(0)), Exact(v(1)), Exact(v(2)), Exact(v(3))];
    let mut number = 0;
    for (before, expected) in [0, 2].into_iter().flat_map(|before| cases.map(|expected| (before, expected))) {
        if is_check && expected == Any {
            continue;
        }
        number += 10;
        let (stream, beside) = (on.stream(&format!("case{number}")), on.stream(&format!("beside{number}")));
        on.put(&stream, number..number + before).await;
        let batch = MultiAppend::new().append(&beside, NoStream, on.events([number + 5]));
        let batch = if is_check {
            batch.check(&stream, expected)
        } else {
            batch.append(&stream, expected, on.events([number + 6]))
        };
        let result = on.several().append_multi(batch).await;
        let written = u64::from(expected.accepts(v(before)));
        if written == 1 {
            ended!(32, result, Ok(_) => (), "{expected} at version {before}");
        } else {
            let violations = ended!(
                32, result, Err(MultiAppendError::Conflict { violations }) => violations, "{expected} at {before}"
            );
            let meant = Violation { stream: stream.clone(), expected, actual: v(before) };
            same!(32, violations, [meant], "what the conflict of {expected} at {before} tells");
        }
        let added = if is_check { 0 } else { written };
        same!(32, on.version(&stream).await, v(before + added), "the version after {expected} at {before}");
        same!(32, on.version(&beside).await, v(written), "the version of the stream beside {expected} at {before}");
    }
}

pub(super) async fn rule_32_each_expectation_of_a_stream_that_is_appended_to(on: &Subject) {
    expectations(on, false).await;
}

pub(super) async fn rule_32_each_expectation_of_a_stream_that_is_only_checked(on: &Subject) {
    expectations(on, true).await;
}

pub(super) async fn rule_32_every_violation_is_listed_and_nothing_is_written(on: &Subject) {
    let [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(|id| on.stream(id));
    on.put(&b, [1, 2]).await;
    on.put(&c, [3]).await;
    let batch = MultiAppend::new()
        .append(&a, StreamExists, on.events([10]))
        .append(&b, Exact(v(2)), on.events([11]))
        .check(&c, NoStream)
        .check(&d, NoStream)
        .check(&e, Exact(v(4)));
    let refused = on.several().append_multi(batch).await;
    let violations =
        ended!(32, refused, Err(MultiAppendError::Conflict { violations }) => violations, "an append with conflicts");
    let meant = [(&a, StreamExists, 0), (&c, NoStream, 1), (&e, Exact(v(4)), 0)]
        .map(|(stream, expected, actual)| Violation { stream: stream.clone(), expected, actual: v(actual) });
    same!(32, violations, meant, "the list of what is not as expected");
    same!(32, numbers(&on.own().await), [1, 2, 3], "the log after it");
}

pub(super) async fn rule_32_checks_that_hold_write_and_create_nothing(on: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| on.stream(id));
    on.put(&b, [1]).await;
    let batch = MultiAppend::new().append(&a, Any, on.events([2])).check(&b, Exact(v(1))).check(&c, NoStream);
    let outcome = done(on, batch, "an append with checks that hold").await;
    same!(34, outcome.streams.len(), 1, "the number of streams in the outcome");
    same!(32, numbers(&on.own().await), [1, 2], "the log");
    same!(32, (on.version(&b).await, on.version(&c).await), (v(1), v(0)), "the versions of the checked streams");
    let created = on.store().append(&c, NoStream, on.events([3])).await;
    ended!(32, created, Ok(_) => (), "an append that expects no stream, after a check of it,");
}

pub(super) async fn rule_32_without_events_everything_expected_is_checked(on: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| on.stream(id));
    on.put(&b, [1]).await;
    let batch = |expected| MultiAppend::new().append(&a, NoStream, vec![]).append(&b, expected, vec![]);
    let outcome = done(on, batch(Exact(v(1))), "an append without events").await;
    let meant = [(a.clone(), 0), (b.clone(), 1)].map(|(stream, version)| StreamAppended {
        stream,
        version: v(version),
        position: None,
    });
    same!(34, (outcome.streams, outcome.position), (meant.to_vec(), None), "the outcome of an append without events");
    for batch in [batch(NoStream), batch(Any).check(&c, StreamExists), MultiAppend::new().check(&b, NoStream)] {
        let refused = on.several().append_multi(batch).await;
        ended!(32, refused, Err(MultiAppendError::Conflict { .. }) => (), "one that expects something else");
    }
    let nothing = done(on, MultiAppend::new(), "an append of nothing to nothing").await;
    same!(34, (nothing.streams, nothing.position), (vec![], None), "the outcome of nothing");
    same!(32, on.version(&a).await, v(0), "the version of a stream that got no events");
}

pub(super) async fn rule_31_what_takes_part_wrongly_is_refused(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    let one = || MultiAppend::new().append(&a, Any, on.events([1]));
    let twice =
        [one().append(&a, Any, vec![]), one().check(&a, NoStream), one().check(&b, NoStream).check(&b, NoStream)];
    for batch in twice {
        let refused = on.several().append_multi(batch).await;
        ended!(31, refused, Err(MultiAppendError::StreamTwice { .. }) => (), "a stream that takes part twice");
    }
    let any = on.several().append_multi(one().check(&b, Any)).await;
    let about = ended!(31, any, Err(MultiAppendError::CheckOfAny { stream }) => stream, "a check of `Any`");
    same!(31, about, b, "the stream of that refusal");
    for batch in [one().then(&b, on.events([2])), one().check(&b, NoStream).then(&b, on.events([2]))] {
        let refused = on.several().append_multi(batch).await;
        let about = ended!(
            31, refused, Err(MultiAppendError::NotAppendedTo { stream }) => stream, "events without an expectation"
        );
        same!(31, about, b, "the stream of that refusal");
    }
    same!(31, on.own().await, [], "the log after refusals");
}

pub(super) async fn rule_31_limits_and_ids_hold_for_all_streams_together(on: &Subject) {
    let (a, b, limits) = (on.stream("a"), on.stream("b"), on.store().limits());
    let both = |to_a: Vec<NewEvent>, to_b| MultiAppend::new().append(&a, Any, to_a).append(&b, Any, to_b);
    let twice = on.several().append_multi(both(on.events([1]), on.events([2, 1]))).await;
    let about = ended!(
        31, twice, Err(MultiAppendError::Refused(AppendError::DuplicateEventId { stream, id })) => (stream, id),
        "one id in two streams"
    );
    same!(31, about, (b.clone(), on.id(1)), "what that refusal is about");
    if limits.batch_events <= 20_000 {
        let most = limits.batch_events as u64;
        let over = on.several().append_multi(both(on.events(0..most), on.events([most]))).await;
        ended!(
            31, over, Err(MultiAppendError::Refused(AppendError::LimitExceeded { .. })) => (),
            "one event more than the limit, in two streams,"
        );
    }
    if limits.payload_bytes <= 64 * 1024 * 1024 {
        let large = NewEvent { payload: Payload::from(vec![7; limits.payload_bytes + 1]), ..on.event(2) };
        let over = on.several().append_multi(both(on.events([1]), vec![large])).await;
        let about = ended!(
            31, over, Err(MultiAppendError::Refused(AppendError::LimitExceeded { stream, .. })) => stream,
            "a payload of one byte more than the limit"
        );
        same!(31, about, b, "the stream of that refusal");
    }
    same!(31, on.own().await, [], "the log after refusals");
}

pub(super) async fn rule_33_what_is_sent_again_has_its_first_outcome_and_all_else_is_refused(on: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| on.stream(id));
    let batch = |to_a: &[u64], to_b: &[u64]| {
        let (to_a, to_b) = (on.events(to_a.iter().copied()), on.events(to_b.iter().copied()));
        MultiAppend::new().append(&a, NoStream, to_a).append(&b, NoStream, to_b).check(&c, NoStream)
    };
    let first = done(on, batch(&[1, 2], &[3]), "an append to two streams").await;
    on.put(&a, [9]).await;
    on.put(&c, [10]).await;
    let before = on.own().await;
    for _ in 0..2 {
        same!(33, done(on, batch(&[1, 2], &[3]), "sending it again").await, first, "the outcome of sending it again");
    }
    let others: [(&[u64], &[u64]); 6] =
        [(&[1, 2], &[3, 4]), (&[1], &[3, 2]), (&[2, 1], &[3]), (&[3], &[1]), (&[1, 9], &[3]), (&[4], &[3])];
    for (to_a, to_b) in others {
        let refused = on.several().append_multi(batch(to_a, to_b)).await;
        ended!(
            33, refused, Err(MultiAppendError::Refused(AppendError::EventIdStored { .. })) => (),
            "{to_a:?} to one stream and {to_b:?} to the other"
        );
    }
    same!(33, on.own().await, before, "the log after sending again");
}

pub(super) async fn rule_34_the_outcome_names_each_stream_with_its_last_event(on: &Subject) {
    let [a, b, c] = ["a", "b", "c"].map(|id| on.stream(id));
    on.put(&b, [1]).await;
    let batch = MultiAppend::new()
        .append(&b, Any, on.events([2]))
        .append(&a, Any, on.events([3]))
        .append(&c, NoStream, vec![])
        .then(&b, on.events([4]))
        .then(&a, on.events([5]));
    let outcome = done(on, batch, "an append to three streams").await;
    let log = on.own().await;
    let at = |number: u64| log.iter().find(|event| event.payload == number.to_string()).map(|event| event.position);
    let of = |stream: &StreamId, version, position: Option<Position>| {
        let stream = stream.clone();
        StreamAppended { stream, version: v(version), position }
    };
    same!(34, outcome.streams, [of(&b, 3, at(4)), of(&a, 2, at(5)), of(&c, 0, None)], "the outcome");
    same!(34, outcome.position, at(5), "its position");
    rule!(34, outcome.position > Some(p(0)), "the position is {:?}", outcome.position);
}

pub(super) async fn rule_32_of_rivals_over_two_streams_in_either_order_one_wins_each_round(on: &Subject) {
    const ROUNDS: u64 = 25;
    let (a, b) = (on.stream("a"), on.stream("b"));
    for round in 0..ROUNDS {
        let results = on
            .at_once(6, |rival| {
                let (store, x, y) = (on.several(), a.clone(), b.clone());
                let (x, y) = if rival % 2 == 0 { (x, y) } else { (y, x) };
                let number = 2 * (rival * ROUNDS + round);
                let (to_x, to_y) = (on.events([number]), on.events([number + 1]));
                let batch = MultiAppend::new().append(&x, Exact(v(round)), to_x).append(&y, Exact(v(round)), to_y);
                async move { store.append_multi(batch).await }
            })
            .await;
        let mut won = 0;
        for result in results {
            match result {
                Ok(_) => won += 1,
                Err(MultiAppendError::Conflict { .. }) => {}
                Err(error) => panic!("a rival ended as {error:?}"),
            }
        }
        same!(32, won, 1, "the number of rivals that won of six");
    }
    same!(30, (on.version(&a).await, on.version(&b).await), (v(ROUNDS), v(ROUNDS)), "the versions of both streams");
}
