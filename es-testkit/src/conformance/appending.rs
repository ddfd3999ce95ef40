//! Rules 1 to 6: what an append writes.

use es_core::store::{AppendError, Appended, ReadStream};
use es_core::{EventName, ExpectedVersion, Fingerprint, Metadata, NewEvent, Payload, StreamId, Timestamp};

use super::numbered::{numbers, positions, v, versions};
use super::rules::{ended, rule, same};
use super::subject::Subject;

use ExpectedVersion::{Any, Exact, NoStream, StreamExists};

pub(super) async fn rule_01_a_batch_is_stored_together_and_in_the_given_order(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    on.put(&a, [1]).await;
    let appended = on.put(&b, [5, 3, 4]).await;
    on.put(&a, [2]).await;
    let stored = on.whole(&b).await;
    same!(1, numbers(&stored), [5, 3, 4], "the stream after a batch of 5, 3, 4");
    same!(1, numbers(&on.own().await), [1, 5, 3, 4, 2], "the log");
    let last = Appended { version: v(3), position: stored.last().map(|event| event.position) };
    same!(1, appended, last, "the outcome of a batch of three");
}

pub(super) async fn rule_01_a_refused_batch_stores_nothing_at_all(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [1]).await;
    let refused = on.store().append(&a, NoStream, on.events(2..100)).await;
    ended!(3, refused, Err(AppendError::Conflict { .. }) => (), "a batch that expects no stream");
    same!(1, numbers(&on.whole(&a).await), [1], "the stream after a refused batch");
    same!(1, numbers(&on.own().await), [1], "the log after a refused batch");
}

pub(super) async fn rule_02_versions_count_from_1_in_each_stream(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    for numbers in [1..=2, 3..=3, 4..=7] {
        let last = *numbers.end();
        same!(2, on.put(&a, numbers.clone()).await.version, v(last), "the version that an append returned");
        same!(2, on.put(&b, numbers.map(|n| n + 10)).await.version, v(last), "the version of the other stream");
    }
    same!(2, versions(&on.whole(&a).await), [1, 2, 3, 4, 5, 6, 7], "the versions of the one stream");
    same!(2, versions(&on.whole(&b).await), [1, 2, 3, 4, 5, 6, 7], "the versions of the other stream");
}

pub(super) async fn rule_02_a_conflict_leaves_no_gap_in_the_versions(on: &Subject) {
    let a = on.stream("a");
    for number in 0..5 {
        let refused = on.store().append(&a, Exact(v(99)), on.events([100 + number])).await;
        ended!(3, refused, Err(AppendError::Conflict { .. }) => (), "an append that expects version 99");
        on.put(&a, [number]).await;
    }
    same!(2, versions(&on.whole(&a).await), [1, 2, 3, 4, 5], "the versions of a stream with conflicts");
}

pub(super) async fn rule_03_ten_appends_one_by_one_at_the_exact_version(on: &Subject) {
    let a = on.stream("a");
    for number in 0..10 {
        let appended = on.store().append(&a, Exact(v(number)), on.events([number])).await;
        let appended = ended!(3, appended, Ok(appended) => appended, "an append at version {number}, which is exact,");
        same!(2, appended.version, v(number + 1), "the version of the next event");
    }
    same!(1, numbers(&on.whole(&a).await), (0..10).collect::<Vec<_>>(), "the stream");
}

/// Every expectation against a stream with `before` events.
async fn expectations(on: &Subject, before: u64) {
    let cases = [Any, NoStream, StreamExists, Exact(v(0)), Exact(v(1)), Exact(v(2)), Exact(v(3)), Exact(v(u64::MAX))];
    for (case, expected) in (0..).zip(cases) {
        let stream = on.stream(&format!("case{case}"));
        on.put(&stream, case * 100..case * 100 + before).await;
        let log = on.own().await.len();
        let result = on.store().append(&stream, expected, on.events([case * 100 + 90, case * 100 + 91])).await;
        if expected.accepts(v(before)) {
            let appended = ended!(3, result, Ok(appended) => appended, "an append that expects {expected} at {before}");
            same!(3, appended.version, v(before + 2), "the version after an append that expects {expected}");
            same!(3, on.own().await.len(), log + 2, "the number of events after an append that expects {expected}");
        } else {
            let (about, told, actual) = ended!(
                3, result, Err(AppendError::Conflict { stream, expected, actual }) => (stream, expected, actual),
                "an append that expects {expected} at version {before}"
            );
            same!(3, about, stream, "the stream of a conflict");
            same!(3, told, expected, "the expectation of a conflict");
            same!(3, actual, v(before), "the actual version of a conflict");
            same!(3, on.own().await.len(), log, "the number of events after a conflict");
            same!(3, on.version(&stream).await, v(before), "the version after a conflict");
        }
    }
}

pub(super) async fn rule_03_each_expectation_of_a_missing_stream(on: &Subject) {
    expectations(on, 0).await;
}

pub(super) async fn rule_03_each_expectation_of_a_stream_of_one(on: &Subject) {
    expectations(on, 1).await;
}

pub(super) async fn rule_03_each_expectation_of_a_stream_of_two(on: &Subject) {
    expectations(on, 2).await;
}

pub(super) async fn rule_03_a_writer_who_lost_reloads_and_goes_on(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [1]).await;
    on.put(&a, [2]).await;
    let stale = on.store().append(&a, Exact(v(1)), on.events([3])).await;
    let actual = ended!(3, stale, Err(AppendError::Conflict { actual, .. }) => actual, "an append at a stale version");
    let retried = on.store().append(&a, Exact(actual), on.events([3])).await;
    ended!(3, retried, Ok(_) => (), "the same append at the version that the conflict told");
    same!(3, numbers(&on.whole(&a).await), [1, 2, 3], "the stream of both writers");
}

pub(super) async fn rule_03_a_conflict_does_not_move_the_log(on: &Subject) {
    let (a, missing) = (on.stream("a"), on.stream("missing"));
    on.put(&a, [1]).await;
    for (stream, expected) in [(&a, NoStream), (&a, Exact(v(7))), (&missing, StreamExists), (&missing, Exact(v(3)))] {
        let refused = on.store().append(stream, expected, on.events([9])).await;
        ended!(3, refused, Err(AppendError::Conflict { .. }) => (), "an append that expects {expected}");
    }
    same!(3, numbers(&on.own().await), [1], "the log after conflicts");
    same!(3, on.version(&missing).await, v(0), "the version of a stream that only had conflicts");
    let fresh = on.store().append(&missing, NoStream, on.events([9])).await;
    ended!(3, fresh, Ok(_) => (), "an append to it that expects no stream");
}

pub(super) async fn rule_04_an_empty_append_creates_no_stream(on: &Subject) {
    let a = on.stream("a");
    for expected in [Any, NoStream, Exact(v(0))] {
        let nothing = on.store().append(&a, expected, vec![]).await;
        let nothing = ended!(4, nothing, Ok(appended) => appended, "an empty append that expects {expected}");
        same!(4, nothing, Appended { version: v(0), position: None }, "its outcome");
    }
    same!(4, on.own().await.len(), 0, "the number of events after empty appends");
    let exists = on.store().append(&a, StreamExists, vec![]).await;
    ended!(4, exists, Err(AppendError::Conflict { .. }) => (), "an append that expects the stream to exist");
    let fresh = on.store().append(&a, NoStream, on.events([1])).await;
    ended!(4, fresh, Ok(_) => (), "an append that expects no stream, after empty ones,");
}

pub(super) async fn rule_04_what_an_empty_append_expects_is_checked(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [1, 2]).await;
    for expected in [Any, StreamExists, Exact(v(2))] {
        let met = on.store().append(&a, expected, vec![]).await;
        let met = ended!(4, met, Ok(appended) => appended, "an empty append that expects {expected} at 2");
        same!(4, met, Appended { version: v(2), position: None }, "its outcome");
    }
    for expected in [NoStream, Exact(v(0)), Exact(v(1)), Exact(v(3))] {
        let missed = on.store().append(&a, expected, vec![]).await;
        let actual = ended!(
            4, missed, Err(AppendError::Conflict { actual, .. }) => actual,
            "an empty append that expects {expected} at 2"
        );
        same!(4, actual, v(2), "the actual version of its conflict");
    }
    same!(4, numbers(&on.whole(&a).await), [1, 2], "the stream after empty appends");
}

pub(super) async fn rule_05_two_events_with_one_id_are_refused(on: &Subject) {
    let a = on.stream("a");
    for batch in [vec![1, 1], vec![1, 2, 3, 2], vec![3, 3, 3]] {
        let refused = on.store().append(&a, Any, on.events(batch.clone())).await;
        let (stream, id) = ended!(
            5, refused, Err(AppendError::DuplicateEventId { stream, id }) => (stream, id), "an append of {batch:?}"
        );
        let twice = *batch.last().unwrap_or(&0);
        same!(5, (stream, id), (a.clone(), on.id(twice)), "what the refusal is about");
    }
    same!(5, on.own().await.len(), 0, "the number of events after refusals");
    on.put(&a, [1, 2, 3]).await;
}

pub(super) async fn rule_05_a_batch_at_the_limit_is_stored_and_one_over_it_refused(on: &Subject) {
    let (a, limit) = (on.stream("a"), on.store().limits().batch_events);
    if limit > 20_000 {
        return super::note("the limit of events in one append is too high to be tried");
    }
    let over = on.store().append(&a, Any, on.events(0..=limit as u64)).await;
    let told = ended!(
        5, over, Err(AppendError::LimitExceeded { stream, actual, limit, .. }) => (stream, actual, limit),
        "an append of one event more than the limit"
    );
    same!(5, told, (a.clone(), limit + 1, limit), "what the refusal tells");
    same!(5, on.version(&a).await, v(0), "the version after the refusal");
    let at = on.store().append(&a, NoStream, on.events(0..limit as u64)).await;
    ended!(5, at, Ok(_) => (), "an append of as many events as the limit");
    same!(5, on.version(&a).await, v(limit as u64), "the version after as many events as the limit");
}

pub(super) async fn rule_05_a_payload_at_the_limit_is_stored_and_one_over_it_refused(on: &Subject) {
    let (a, limit) = (on.stream("a"), on.store().limits().payload_bytes);
    if limit > 64 * 1024 * 1024 {
        return super::note("the limit of bytes in one payload is too high to be tried");
    }
    let of = |bytes| NewEvent { payload: Payload::from(vec![7; bytes]), ..on.event(2) };
    let over = on.store().append(&a, Any, vec![on.event(1), of(limit + 1)]).await;
    let told = ended!(
        5, over, Err(AppendError::LimitExceeded { stream, actual, limit, .. }) => (stream, actual, limit),
        "an append with a payload of one byte more than the limit"
    );
    same!(5, told, (a.clone(), limit + 1, limit), "what the refusal tells");
    same!(5, on.version(&a).await, v(0), "the version after the refusal");
    let at = on.store().append(&a, NoStream, vec![of(limit)]).await;
    ended!(5, at, Ok(_) => (), "an append with a payload of as many bytes as the limit");
    let stored = on.whole(&a).await;
    rule!(6, stored.iter().all(|event| event.payload == vec![7; limit]), "the largest payload is kept changed");
    same!(5, stored.len(), 1, "the number of events after the largest payload");
}

pub(super) async fn rule_06_everything_is_given_back_as_it_was_given(on: &Subject) {
    let given = NewEvent {
        id: on.id(1),
        name: EventName::from_static("Größe geändert; DROP TABLE events; --'\"\\"),
        schema_version: u32::MAX,
        recorded_at: Timestamp::from_micros(i64::MIN),
        metadata: Metadata::new()
            .with_correlation_id("request-17 'x'")
            .with_causation_id("018F4D3C-0000-7000-8000-000000000001")
            .with_actor("Zoë \"the\u{200b} boss\"")
            .with_traceparent("00-1-2-01"),
        payload: Payload::from_static(&[0, 255, b'\'', 0xc3, 0x28]),
    };
    let bare = NewEvent { metadata: Metadata::new(), payload: Payload::new(), ..on.event(2) };
    let stream = on.stream("Zoë O'Brien; \"x\" -- %_日本 / 🦀");
    let appended = on.store().append(&stream, NoStream, vec![given.clone(), bare.clone()]).await;
    ended!(6, appended, Ok(_) => (), "an append of odd events");
    let stored = on.whole(&stream).await;
    let at = positions(&stored);
    same!(1, at.len(), 2, "the number of events");
    let meant = [given.record(stream.clone(), v(1), at[0].into()), bare.record(stream, v(2), at[1].into())];
    same!(6, stored, meant, "the stream");
    same!(6, on.own().await, meant, "the log");
}

pub(super) async fn rule_06_each_part_of_the_metadata_is_kept_or_absent_by_itself(on: &Subject) {
    let a = on.stream("a");
    let parts = [
        Metadata::new(),
        Metadata::new().with_correlation_id("c"),
        Metadata::new().with_causation_id("d"),
        Metadata::new().with_actor("e"),
        Metadata::new().with_traceparent("f"),
        Metadata::new().with_actor(""),
        Metadata::new().with_command_fingerprint(Fingerprint::new(u64::MAX)),
    ];
    let events = (1..).zip(&parts).map(|(number, part)| NewEvent { metadata: part.clone(), ..on.event(number) });
    ended!(6, on.store().append(&a, Any, events.collect()).await, Ok(_) => (), "an append with metadata");
    let stored: Vec<_> = on.whole(&a).await.into_iter().map(|event| event.metadata).collect();
    same!(6, stored, parts, "the metadata");
}

pub(super) async fn rule_06_times_are_kept_and_do_not_order_anything(on: &Subject) {
    let a = on.stream("a");
    let times = [5, 1, i64::MAX, -1, i64::MIN, 1_795_000_000_123_457, 0];
    for (number, micros) in (1..).zip(times) {
        let event = NewEvent { recorded_at: Timestamp::from_micros(micros), ..on.event(number) };
        ended!(6, on.store().append(&a, Any, vec![event]).await, Ok(_) => (), "an append at time {micros}");
    }
    let of = |events: Vec<es_core::RecordedEvent>| -> Vec<i64> {
        events.iter().map(|event| event.recorded_at.as_micros()).collect()
    };
    same!(6, of(on.whole(&a).await), times, "the times in the stream");
    same!(6, of(on.own().await), times, "the times in the log");
}

pub(super) async fn rule_14_one_event_is_the_same_in_the_stream_and_in_the_log(on: &Subject) {
    let streams: Vec<StreamId> = ["a", "b", "c"].map(|id| on.stream(id)).into();
    for number in 0..30 {
        on.put(&streams[number as usize % 3], [number]).await;
    }
    let log = on.own().await;
    for stream in &streams {
        let of_log: Vec<_> = log.iter().filter(|event| event.stream == *stream).cloned().collect();
        let page = on.store().read_stream(stream, ReadStream::all()).await;
        let page = ended!(7, page, Ok(page) => page, "a read");
        same!(14, page.events, of_log, "what the stream gives, beside the log,");
    }
}

pub(super) async fn rule_35_what_is_said_to_be_read_as_appended_is(on: &Subject) {
    let a = on.stream("a");
    if !on.store().reads_as_appended(&a) {
        return super::note("the store does not say that it reads as appended");
    }
    let kinds = [("opened", 1), ("opened", 2), ("renamed", 1), ("renamed", u32::MAX), ("split", 7)];
    let payloads = ["{}", "{\"version\":1}", " [1, 2]\n", "null", ""];
    let events = (1..).zip(kinds).zip(payloads).map(|((number, (name, schema_version)), payload)| NewEvent {
        name: on.name(name),
        schema_version,
        payload: payload.into(),
        ..on.event(number)
    });
    let appended: Vec<_> = events.collect();
    ended!(35, on.store().append(&a, NoStream, appended.clone()).await, Ok(_) => (), "an append of several kinds");
    let meant: Vec<_> =
        appended.into_iter().map(|event| (event.id, event.name, event.schema_version, event.payload)).collect();
    for (read, place) in [(on.whole(&a).await, "stream"), (on.own().await, "log")] {
        let read = read.into_iter().map(|event| (event.id, event.name, event.schema_version, event.payload));
        same!(35, read.collect::<Vec<_>>(), meant, "what is read of the {place}");
    }
}
