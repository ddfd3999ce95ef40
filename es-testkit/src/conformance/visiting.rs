//! Rule 36: visiting shows what reading gives.

use std::ops::ControlFlow;

use es_core::store::{LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{RecordedEvent, StreamId};

use super::numbered::{p, v};
use super::rules::{ended, rule, same};
use super::subject::Subject;

/// More than stores keep or fetch at a time.
const EVENTS: u64 = 300;

/// What a visitor was shown, who breaks off when it has been shown so many events.
#[derive(Default)]
struct Visitor {
    shown: Vec<Vec<RecordedEvent>>,
}

impl Visitor {
    fn look(&mut self, events: &[RecordedEvent], most: usize) -> ControlFlow<()> {
        self.shown.push(events.to_vec());
        if self.shown.iter().map(Vec::len).sum::<usize>() < most {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn events(self) -> Vec<RecordedEvent> {
        rule!(36, self.shown.iter().all(|events| !events.is_empty()), "a visitor was shown no event at all");
        self.shown.into_iter().flatten().collect()
    }
}

async fn visit_stream(
    on: &Subject,
    stream: &StreamId,
    range: ReadStream,
    most: usize,
) -> (Vec<RecordedEvent>, StreamPage) {
    let mut visitor = Visitor::default();
    let page = on.store().visit_stream(stream, range, &mut |events| visitor.look(events, most)).await;
    (visitor.events(), ended!(36, page, Ok(page) => page, "a visit to a stream"))
}

async fn visit_log(on: &Subject, range: ReadLog, most: usize) -> (Vec<RecordedEvent>, LogPage) {
    let mut visitor = Visitor::default();
    let page = on.store().visit_log(range, &mut |events| visitor.look(events, most)).await;
    (visitor.events(), ended!(36, page, Ok(page) => page, "a visit to the log"))
}

async fn fill(on: &Subject) -> [StreamId; 2] {
    let [a, b] = ["a", "b"].map(|id| on.stream(id));
    on.put(&a, 1..=EVENTS / 2).await;
    on.put(&b, [1_000]).await;
    on.put(&a, EVENTS / 2 + 1..EVENTS).await;
    on.put(&b, [1_001, 1_002]).await;
    on.put(&a, [EVENTS]).await;
    [a, b]
}

pub(super) async fn rule_36_a_visit_to_a_stream_shows_what_a_read_gives(on: &Subject) {
    let [a, b] = fill(on).await;
    let all = ReadStream::all;
    let rare = on.name("counted").as_str().to_owned();
    let ranges = [
        all(),
        all().limit(1),
        all().limit(70),
        all().limit(0),
        ReadStream::after(v(63)).up_to(v(200)),
        ReadStream::after(v(EVENTS - 1)),
        ReadStream::after(v(EVENTS)),
        all().names([rare]),
        all().names(["none"]),
    ];
    for range in ranges.into_iter().flat_map(|range| [range.clone(), range.backward()]) {
        for stream in [&a, &b, &on.stream("missing")] {
            let read = on.store().read_stream(stream, range.clone()).await;
            let StreamPage { events, through, is_end, version } = ended!(36, read, Ok(page) => page, "{range:?}");
            let (shown, page) = visit_stream(on, stream, range.clone(), usize::MAX).await;
            same!(36, shown, events, "what a visit of {range:?} shows");
            let said = StreamPage { events: Vec::new(), through, is_end, version };
            same!(36, page, said, "the page of a visit of {range:?}");
        }
    }
    let (some, page) = visit_stream(on, &a, all(), 1).await;
    let whole = on.whole(&a).await;
    same!(36, some, whole[..some.len()], "what is shown to a visitor who breaks off");
    same!(36, page.version, v(EVENTS), "the version in a page of a visit that was broken off");
}

pub(super) async fn rule_36_a_visit_to_the_log_shows_what_a_read_gives(on: &Subject) {
    fill(on).await;
    let floor = on.floor();
    let own = on.own().await;
    let last = own.last().map_or(floor, |event| event.position);
    let after = || ReadLog::after(floor).up_to(last);
    let ranges = [
        after().filter(on.filter(&[""])),
        after().filter(on.filter(&[""])).limit(1),
        after().filter(on.filter(&[""])).limit(130),
        after().filter(on.filter(&["none"])),
        ReadLog::after(own[100].position).up_to(own[250].position),
        ReadLog::after(own[100].position).up_to(own[250].position).limit(3),
        ReadLog::after(last).up_to(p(last.get() + 1)).filter(on.filter(&["none"])),
    ];
    for range in ranges.into_iter().flat_map(|range| [range.clone(), range.backward()]) {
        let read = on.store().read_log(range.clone()).await;
        let LogPage { events, through, is_end, .. } = ended!(36, read, Ok(page) => page, "{range:?}");
        let (shown, page) = visit_log(on, range.clone(), usize::MAX).await;
        same!(36, shown, events, "what a visit of {range:?} shows");
        same!(
            36,
            (page.events, page.through, page.is_end),
            (Vec::new(), through, is_end),
            "the page of a visit of {range:?}"
        );
        rule!(36, page.head >= last, "the head in a visit of {range:?} is {}, and an event is at {last}", page.head);
    }
    let (some, _) = visit_log(on, after().filter(on.filter(&[""])), 1).await;
    same!(36, some, own[..some.len()], "what is shown to a visitor who breaks off");
}
