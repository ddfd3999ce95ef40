//! Rules 7 to 13, 21 and 22: what a reader sees.

use es_core::store::{ReadLog, ReadStream};
use es_core::{ExpectedVersion, Position, StreamId, Version};

use super::expected::{check_log_page, check_stream_page};
use super::numbered::{numbers, p, positions, v, versions};
use super::rules::{ended, rule, same};
use super::subject::Subject;

async fn check_stream(on: &Subject, stream: &StreamId, range: ReadStream) -> es_core::store::StreamPage {
    let all = on.whole(stream).await;
    let page = ended!(9, on.store().read_stream(stream, range.clone()).await, Ok(page) => page, "{range:?}");
    check_stream_page(&all, &range, &page);
    page
}

pub(super) async fn rule_07_a_missing_stream_reads_as_empty_and_is_not_created_by_it(on: &Subject) {
    let (a, missing) = (on.stream("a"), on.stream("missing"));
    on.put(&a, [1]).await;
    let before = on.head().await;
    let ranges =
        [ReadStream::all(), ReadStream::after(v(3)), ReadStream::all().limit(0), ReadStream::all().up_to(v(9))];
    for range in ranges.into_iter().flat_map(|range| [range.clone(), range.backward()]) {
        let page = on.store().read_stream(&missing, range.clone()).await;
        let page = ended!(7, page, Ok(page) => page, "{range:?} of a missing stream");
        same!(7, page.events, [], "what {range:?} of a missing stream gives");
        same!(7, page.version, Version::EMPTY, "the version of a missing stream");
        same!(7, page.exists(), false, "whether a missing stream exists");
        same!(21, page.through, range.after, "where {range:?} of a missing stream goes through");
        same!(22, page.is_end, true, "`is_end` of {range:?} of a missing stream");
    }
    same!(7, numbers(&on.own().await), [1], "the log after reads");
    rule!(7, on.head().await >= before, "the head went back from {before}");
    let created = on.store().append(&missing, ExpectedVersion::NoStream, on.events([2])).await;
    ended!(7, created, Ok(_) => (), "an append that expects no stream, after reads,");
}

pub(super) async fn rule_08_a_stream_and_the_log_are_read_in_order_and_backward_in_reverse(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    for number in 1..=60 {
        on.put(if number % 2 == 0 { &a } else { &b }, [number]).await;
    }
    same!(8, numbers(&on.own().await), (1..=60).collect::<Vec<_>>(), "the log");
    let odd = check_stream(on, &b, ReadStream::all()).await;
    same!(8, numbers(&odd.events), (1..=60).step_by(2).collect::<Vec<_>>(), "the stream");
    let even = check_stream(on, &a, ReadStream::all().backward()).await;
    same!(8, numbers(&even.events), (1..=60).rev().step_by(2).collect::<Vec<_>>(), "the stream read backward");
    same!(8, versions(&even.events), (1..=30).rev().collect::<Vec<_>>(), "its versions");
    let range = ReadLog::after(on.floor()).filter(on.filter(&[""])).backward();
    let page = ended!(8, on.store().read_log(range).await, Ok(page) => page, "the log backward");
    same!(8, numbers(&page.events), (1..=60).rev().collect::<Vec<_>>(), "the log read backward");
}

pub(super) async fn rule_09_any_range_of_a_stream_gives_what_is_meant(on: &Subject) {
    let (a, other) = (on.stream("a"), on.stream("other"));
    on.put(&other, [90]).await;
    on.put(&a, 1..=5).await;
    on.put(&other, [91]).await;
    same!(9, versions(&on.whole(&a).await), [1, 2, 3, 4, 5], "the whole stream");
    let places = [0, 1, 2, 3, 4, 5, 6, 8, u64::MAX - 1, u64::MAX].map(v);
    for (after, up_to) in places.into_iter().flat_map(|after| places.map(|up_to| (after, up_to))) {
        for limit in [0, 1, 2, 5, 6, usize::MAX] {
            let range = ReadStream::after(after).up_to(up_to).limit(limit);
            check_stream(on, &a, range.clone()).await;
            check_stream(on, &a, range.backward()).await;
        }
    }
    let page = check_stream(on, &a, ReadStream::after(v(1)).up_to(v(4)).limit(2)).await;
    same!(9, versions(&page.events), [2, 3], "what at most 2 after 1 up to 4 gives");
    let page = check_stream(on, &a, ReadStream::after(v(1)).up_to(v(4)).limit(2).backward()).await;
    same!(20, versions(&page.events), [4, 3], "what at most 2 after 1 up to 4 backward gives");
}

pub(super) async fn rule_09_any_range_of_the_log_gives_what_is_meant(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    for number in 1..=8 {
        on.put(if number % 3 == 0 { &a } else { &b }, [number]).await;
    }
    let all = on.log().await;
    let own: Vec<Position> = all.iter().filter(|event| on.is_own(event)).map(|event| event.position).collect();
    same!(9, own.len(), 8, "the number of events in the log");
    let mut places = own.clone();
    places.extend([on.floor(), Position::new(own[0].get() - 1), Position::new(own[7].get() - 1)]);
    for (after, up_to) in places.iter().flat_map(|after| own.iter().map(move |up_to| (*after, *up_to))) {
        if after < on.floor() {
            continue;
        }
        for limit in [0, 1, 3, 8, usize::MAX] {
            for range in [ReadLog::after(after), ReadLog::after(after).backward()] {
                let range = range.up_to(up_to).limit(limit);
                let page = on.store().read_log(range.clone()).await;
                check_log_page(&all, &range, &ended!(9, page, Ok(page) => page, "{range:?}"));
            }
        }
    }
}

pub(super) async fn rule_10_positions_are_above_0_increase_and_keep_a_batch_together(on: &Subject) {
    let (a, b) = (on.stream("a"), on.stream("b"));
    for round in 0..5 {
        on.put(&a, [round * 10, round * 10 + 1]).await;
        on.put(&b, round * 10 + 2..round * 10 + 7).await;
    }
    let stored = on.own().await;
    let meant: Vec<u64> = (0..5).flat_map(|round| round * 10..round * 10 + 7).collect();
    same!(10, numbers(&stored), meant, "the log of five rounds");
    let positions = positions(&stored);
    rule!(10, positions[0] > 0, "the first event is at {}", positions[0]);
    rule!(10, positions.is_sorted_by(|one, next| one < next), "the positions are {positions:?}");
    rule!(10, positions[0] > on.floor().get(), "an event is at {}, before the head {}", positions[0], on.floor());
}

pub(super) async fn rule_10_an_append_returns_the_position_at_which_its_last_event_is_read(on: &Subject) {
    let a = on.stream("a");
    for batch in [vec![1], vec![2, 3, 4], vec![5]] {
        let last = batch[batch.len() - 1];
        let appended = on.put(&a, batch).await;
        let position = ended!(10, appended.position, Some(position) => position, "the position of an append");
        let range = ReadLog::after(p(position.get() - 1)).up_to(position);
        let page = ended!(10, on.store().read_log(range).await, Ok(page) => page, "a read of one position");
        same!(10, numbers(&page.events), [last], "what is at the position of an append");
        same!(10, page.events[0].version, appended.version, "its version");
        rule!(22, page.head >= position, "the head is {} after an append at {position}", page.head);
    }
}

pub(super) async fn rule_11_a_reader_that_pages_on_while_others_append_sees_every_event_once(on: &Subject) {
    let a = on.stream("a");
    let (mut seen, mut range) = (vec![], ReadLog::after(on.floor()).limit(2));
    for round in 0..50 {
        on.put(&a, round * 3..round * 3 + 3).await;
        let page = ended!(11, on.store().read_log(range.clone()).await, Ok(page) => page, "a read of the log");
        range = range.resume(page.through);
        seen.extend(page.events);
    }
    for _ in 0..100_000 {
        let page = ended!(11, on.store().read_log(range.clone()).await, Ok(page) => page, "a read of the log");
        range = range.resume(page.through);
        seen.extend(page.events);
        if page.is_end {
            break;
        }
    }
    seen.retain(|event| on.is_own(event));
    same!(11, numbers(&seen), (0..150).collect::<Vec<_>>(), "what a reader saw that paged on");
}

pub(super) async fn rule_12_streams_with_colliding_prefixes_are_told_apart(on: &Subject) {
    let ids = ["a", "ab", "A", "a ", " a", "a-b", "a%", "a_", "%", "_", "ä", "a\u{308}", "", "aa", "a-", "a\u{200b}"];
    let ids: Vec<_> = ids.iter().filter(|id| !id.is_empty()).collect();
    for (number, id) in (1..).zip(&ids) {
        let created = on.store().append(&on.stream(id), ExpectedVersion::NoStream, on.events([number])).await;
        ended!(12, created, Ok(_) => (), "the first append to the stream with id {id:?}");
    }
    for (number, id) in (1..).zip(&ids) {
        let stored = on.whole(&on.stream(id)).await;
        same!(12, numbers(&stored), [number], "the stream with id {id:?}");
        same!(12, stored[0].stream, on.stream(id), "the stream of its event");
        same!(12, versions(&stored), [1], "the version of its event");
    }
}

pub(super) async fn rule_13_pages_of_every_size_give_the_same(on: &Subject) {
    const EVENTS: u64 = 24;
    let a = on.stream("a");
    on.put(&a, 1..=EVENTS).await;
    let (all, log) = (on.whole(&a).await, on.log().await);
    same!(13, numbers(&all), (1..=EVENTS).collect::<Vec<_>>(), "the stream read in one go");
    let last = all[all.len() - 1].position;
    for limit in [1, 2, 3, 7, EVENTS - 1, EVENTS, EVENTS + 1] {
        for range in [ReadStream::all(), ReadStream::all().backward()] {
            let (mut range, mut seen) = (range.limit(limit as usize), vec![]);
            for _ in 0..=2 * EVENTS {
                let page = on.store().read_stream(&a, range.clone()).await;
                let page = ended!(13, page, Ok(page) => page, "{range:?}");
                check_stream_page(&all, &range, &page);
                seen.extend(page.events);
                range = range.resume(page.through);
                if page.is_end {
                    break;
                }
            }
            same!(13, seen.len(), all.len(), "the number of events in pages of {limit}");
        }
        for range in [ReadLog::after(on.floor()).up_to(last), ReadLog::after(on.floor()).up_to(last).backward()] {
            let (mut range, mut seen) = (range.limit(limit as usize), vec![]);
            for _ in 0..=2 * log.len() {
                let page = ended!(13, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
                check_log_page(&log, &range, &page);
                seen.extend(page.events.into_iter().filter(|event| on.is_own(event)));
                range = range.resume(page.through);
                if page.is_end {
                    break;
                }
            }
            same!(13, seen.len(), all.len(), "the number of events in pages of {limit} of the log");
        }
    }
}

pub(super) async fn rule_13_a_range_beyond_the_end_or_the_wrong_way_round_is_empty(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, 1..=3).await;
    let ranges = [
        ReadStream::after(v(3)),
        ReadStream::after(v(9)),
        ReadStream::after(Version::MAX),
        ReadStream::after(v(2)).up_to(v(1)),
        ReadStream::all().up_to(v(0)),
        ReadStream::all().limit(0),
    ];
    for range in ranges.into_iter().flat_map(|range| [range.clone(), range.backward()]) {
        let page = check_stream(on, &a, range.clone()).await;
        same!(13, page.events, [], "what {range:?} gives");
    }
    for range in [ReadLog::after(Position::MAX), ReadLog::after(p(u64::MAX - 1))] {
        for range in [range.clone(), range.backward()] {
            let page = ended!(13, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
            same!(13, page.events, [], "what {range:?} gives");
            same!(21, page.through, range.after, "where {range:?} goes through");
            same!(22, page.is_end, true, "`is_end` of {range:?}");
        }
    }
}

pub(super) async fn rule_13_a_page_that_finds_nothing_in_a_long_log_still_advances(on: &Subject) {
    let batch = on.store().limits().batch_events.min(500) as u64;
    for round in 0..4 {
        on.put(&on.stream("a"), round * batch + 1..=(round + 1) * batch).await;
    }
    on.put(&on.stream_in("rare", "a"), [777_777]).await;
    let head = on.head().await;
    for filter in [on.filter(&["rare"]), on.filter(&["none"])] {
        for range in [ReadLog::after(on.floor()), ReadLog::after(on.floor()).backward()] {
            let (mut range, mut seen) = (range.up_to(head).filter(filter.clone()).limit(1), vec![]);
            let mut pages = 0;
            loop {
                let page = ended!(13, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
                seen.extend(numbers(&page.events));
                if page.is_end {
                    break;
                }
                let rest = range.clone().resume(page.through);
                pages += 1;
                rule!(13, rest != range && pages < 100_000, "{range:?} does not advance, and is not at its end");
                range = rest;
            }
            let meant = if filter == on.filter(&["rare"]) { vec![777_777] } else { vec![] };
            same!(13, seen, meant, "what is found in a long log");
        }
    }
}

pub(super) async fn rule_22_version_and_head_are_those_of_the_whole(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, 1..=5).await;
    let last = on.whole(&a).await[4].position;
    let ranges = [
        ReadStream::all(),
        ReadStream::all().limit(1),
        ReadStream::all().limit(0),
        ReadStream::all().up_to(v(2)),
        ReadStream::after(v(4)),
        ReadStream::all().backward().limit(1),
        ReadStream::all().names(["none"]),
    ];
    for range in ranges {
        same!(22, check_stream(on, &a, range.clone()).await.version, v(5), "the version in {range:?}");
    }
    let floor = on.floor();
    let ranges = [
        ReadLog::after(floor),
        ReadLog::after(floor).limit(1),
        ReadLog::after(floor).limit(0),
        ReadLog::after(floor).up_to(p(last.get() - 1)),
        ReadLog::after(floor).backward().limit(1),
        ReadLog::after(floor).filter(on.filter(&["none"])),
    ];
    for range in ranges {
        let page = ended!(22, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
        rule!(22, page.head >= last, "the head in {range:?} is {}, and an event is at {last}", page.head);
    }
    let whole = on.store().read_log(ReadLog::after(p(last.get() - 1))).await;
    let whole = ended!(22, whole, Ok(page) => page, "the end of the log");
    if whole.is_end {
        let newest = whole.events.last().map(|event| event.position);
        same!(22, Some(whole.head), newest, "the head of a page that reads to the end");
        same!(21, whole.through, whole.head, "where a page that reads to the end goes through");
    }
}

pub(super) async fn rule_22_an_end_that_was_reached_is_no_end_after_an_append(on: &Subject) {
    let a = on.stream("a");
    let mut range = ReadStream::all().limit(3);
    for round in 0..4 {
        on.put(&a, round * 3..round * 3 + 3).await;
        let page = check_stream(on, &a, range.clone()).await;
        same!(22, (page.events.len(), page.is_end), (3, true), "the page after three more events");
        range = range.resume(page.through);
        on.put(&a, [100 + round]).await;
        let page = check_stream(on, &a, range.clone().limit(0)).await;
        same!(22, page.is_end, false, "`is_end` of a page of nothing, with one event to come,");
        let next = range.after.next();
        range = range.resume(next);
    }
}
