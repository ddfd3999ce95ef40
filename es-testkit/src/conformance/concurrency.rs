//! The rules that only several writers and readers at once can break.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use es_core::store::{AppendError, EventFilter, ReadLog, ReadStream};
use es_core::{ExpectedVersion, RecordedEvent, StreamId};

use super::executor::yield_now;
use super::numbered::{event, number, numbers, put, v, versions};
use super::rules::{ended, rule, same};
use super::subject::Subject;

use ExpectedVersion::Exact;

pub(super) async fn rule_03_of_many_that_expect_one_version_one_wins(on: &Subject) {
    let a = on.stream("a");
    for round in 0..30 {
        let results = on
            .at_once(8, |task| {
                let (store, a, batch) = (on.store().clone(), a.clone(), on.events([round * 8 + task]));
                async move { store.append(&a, Exact(v(round)), batch).await }
            })
            .await;
        let mut won = 0;
        for result in results {
            match result {
                Ok(appended) => {
                    won += 1;
                    same!(2, appended.version, v(round + 1), "the version of the winner");
                }
                Err(AppendError::Conflict { actual, .. }) => {
                    same!(3, actual, v(round + 1), "the version that a loser is told");
                }
                Err(error) => panic!("one of many that expect one version ended as {error:?}"),
            }
        }
        same!(3, won, 1, "the number of winners of eight that expect version {round}");
    }
    same!(2, versions(&on.whole(&a).await), (1..=30).collect::<Vec<_>>(), "the versions of the stream");
}

pub(super) async fn rule_03_of_many_that_create_a_stream_one_wins(on: &Subject) {
    for round in 0..20 {
        let stream = on.stream(&format!("new{round}"));
        let results = on
            .at_once(6, |task| {
                let first = (round * 6 + task) * 3;
                let (store, stream, batch) = (on.store().clone(), stream.clone(), on.events(first..first + 3));
                async move { store.append(&stream, ExpectedVersion::NoStream, batch).await.is_ok() }
            })
            .await;
        same!(3, results.into_iter().filter(|won| *won).count(), 1, "the number of those that created a stream");
        same!(1, versions(&on.whole(&stream).await), [1, 2, 3], "the versions of a stream that many created");
    }
}

async fn dense(on: &Subject, before: u64) {
    const TASKS: u64 = 24;
    let a = on.stream("a");
    on.put(&a, 1000..1000 + before).await;
    let mut got = on
        .at_once(TASKS, |task| {
            let (store, salt, a) = (on.store().clone(), on.salt(), a.clone());
            async move { put(&*store, salt, &a, [task]).await.version.get() }
        })
        .await;
    got.sort_unstable();
    same!(2, got, (before + 1..=before + TASKS).collect::<Vec<_>>(), "the versions that many appends returned");
    let stored = on.whole(&a).await;
    same!(2, versions(&stored), (1..=before + TASKS).collect::<Vec<_>>(), "the versions of the stream");
    let mut written = numbers(&stored[before as usize..]);
    written.sort_unstable();
    same!(1, written, (0..TASKS).collect::<Vec<_>>(), "the events of the stream");
}

pub(super) async fn rule_02_many_appends_to_a_new_stream_get_dense_versions(on: &Subject) {
    dense(on, 0).await;
}

pub(super) async fn rule_02_many_appends_to_an_existing_stream_get_dense_versions(on: &Subject) {
    dense(on, 3).await;
}

pub(super) async fn rule_03_appends_to_different_streams_never_conflict(on: &Subject) {
    on.at_once(12, |task| {
        let (store, salt, stream) = (on.store().clone(), on.salt(), on.stream(&format!("of{task}")));
        async move {
            for round in 0..15 {
                let batch = vec![event(salt, task * 100 + round)];
                let appended = store.append(&stream, Exact(v(round)), batch).await;
                ended!(3, appended, Ok(_) => (), "an append to a stream that nobody else writes to");
            }
        }
    })
    .await;
    same!(1, on.own().await.len(), 12 * 15, "the number of events in the log");
}

pub(super) async fn rule_10_batches_of_many_writers_are_not_interleaved(on: &Subject) {
    on.at_once(6, |task| {
        let (store, salt) = (on.store().clone(), on.salt());
        let streams: Vec<_> = (0..3).map(|number| on.stream(&format!("s{number}"))).collect();
        async move {
            for batch in 0..12 {
                let first = (task * 12 + batch) * 5;
                put(&*store, salt, &streams[batch as usize % 3], first..first + 5).await;
            }
        }
    })
    .await;
    let log = on.log().await;
    let own: Vec<RecordedEvent> = log.iter().filter(|event| on.is_own(event)).cloned().collect();
    same!(1, own.len(), 6 * 12 * 5, "the number of events in the log");
    for batch in own.chunks(5) {
        let first = number(&batch[0]);
        same!(10, numbers(batch), (first..first + 5).collect::<Vec<_>>(), "five events of the log");
        rule!(10, first.is_multiple_of(5), "a batch begins with its event {first}");
        rule!(
            1,
            batch.windows(2).all(|pair| pair[0].version.next() == pair[1].version),
            "versions of a batch have a gap"
        );
        let (from, to) = (batch[0].position, batch[4].position);
        let between = log.iter().filter(|event| event.position > from && event.position < to).count();
        same!(10, between, 3, "the number of events between the first and the last of a batch of 5");
    }
}

pub(super) async fn rule_01_a_reader_sees_all_of_a_batch_or_nothing_of_it(on: &Subject) {
    const BATCHES: u64 = 40;
    let (a, store, salt, floor) = (on.stream("a"), on.store().clone(), on.salt(), on.floor());
    let (to, filter) = (a.clone(), on.filter(&[""]));
    let writer = on.spawn(async move {
        for batch in 0..BATCHES {
            put(&*store, salt, &to, batch * 20..batch * 20 + 20).await;
            yield_now().await;
        }
    });
    loop {
        let is_over = writer.is_done();
        let page = on.store().read_stream(&a, ReadStream::all()).await;
        let page = ended!(1, page, Ok(page) => page, "a read of the stream");
        same!(1, page.version.get() % 20, 0, "the rest of 20 of the version of a stream of batches of 20");
        let range = ReadLog::after(floor).filter(filter.clone());
        let log = ended!(1, on.store().read_log(range).await, Ok(page) => page, "a read of the log");
        if log.is_end {
            same!(1, log.events.len() % 20, 0, "the rest of 20 of the number of events in a log of batches of 20");
        }
        rule!(11, log.through <= log.head.max(floor), "a page goes through {}, beyond {}", log.through, log.head);
        if is_over {
            break same!(1, page.version, v(BATCHES * 20), "the version after all batches");
        }
        yield_now().await;
    }
    writer.await;
}

/// Writers that append batches of 1 to 3 events to streams of their own and to a common one; and a reader beside them
/// that reads pages of the log until it has seen the end after the last writer ended.
async fn tail(on: &Subject, filter: EventFilter, limit: usize, selected: &[&str]) {
    const WRITERS: u64 = 5;
    const APPENDS: u64 = 30;
    let running = Arc::new(AtomicU64::new(WRITERS));
    let reader = {
        let (store, floor, running) = (on.store().clone(), on.floor(), Arc::clone(&running));
        on.spawn(async move {
            let (mut seen, mut range) =
                (Vec::<RecordedEvent>::new(), ReadLog::after(floor).filter(filter).limit(limit));
            loop {
                let is_over = running.load(SeqCst) == 0;
                let page = ended!(11, store.read_log(range.clone()).await, Ok(page) => page, "a page of the log");
                rule!(13, page.through >= range.after, "a page goes back to {}", page.through);
                rule!(
                    11,
                    page.through <= page.head.max(floor),
                    "a page goes through {}, beyond the head",
                    page.through
                );
                range = range.resume(page.through);
                seen.extend(page.events);
                if page.is_end && is_over {
                    return seen;
                }
                yield_now().await;
            }
        })
    };
    on.at_once(WRITERS, |writer| {
        let (store, salt, running) = (on.store().clone(), on.salt(), Arc::clone(&running));
        let streams = [on.stream(&format!("w{writer}")), on.stream_in("other", "common")];
        async move {
            for append in 0..APPENDS {
                let first = writer * 10_000 + append * 10;
                put(&*store, salt, &streams[append as usize % 2], first..=first + append % 3).await;
                yield_now().await;
            }
            running.fetch_sub(1, SeqCst);
        }
    })
    .await;
    let mut seen = reader.await;
    seen.retain(|event| on.is_own(event));
    rule!(
        11,
        seen.is_sorted_by(|one, next| one.position < next.position),
        "a tailing reader saw positions out of order"
    );
    let mut by_stream: HashMap<StreamId, Vec<RecordedEvent>> = HashMap::new();
    for event in seen {
        by_stream.entry(event.stream.clone()).or_default().push(event);
    }
    let own = (0..WRITERS).map(|writer| ("", format!("w{writer}")));
    for (category, id) in own.chain([("other", "common".to_owned())]) {
        if !selected.contains(&category) {
            continue;
        }
        let stream = on.stream_in(category, &id);
        let stored = on.whole(&stream).await;
        rule!(11, !stored.is_empty(), "nothing was written to `{stream}`");
        let seen = by_stream.remove(&stream).unwrap_or_default();
        same!(11, versions(&seen), versions(&stored), "what a tailing reader saw of `{stream}`");
        same!(14, seen, stored, "its events");
    }
    same!(19, by_stream.len(), 0, "the number of streams that were seen and not selected");
}

pub(super) async fn rule_11_a_tailing_reader_loses_nothing_and_sees_order_while_many_write(on: &Subject) {
    tail(on, EventFilter::all(), 7, &["", "other"]).await;
}

pub(super) async fn rule_11_a_tailing_reader_with_a_filter_loses_nothing_while_many_write(on: &Subject) {
    tail(on, on.filter(&["other"]), 3, &["other"]).await;
}

pub(super) async fn rule_11_a_tailing_reader_without_a_limit_loses_nothing_while_many_write(on: &Subject) {
    tail(on, on.filter(&["", "other"]), usize::MAX, &["", "other"]).await;
}
