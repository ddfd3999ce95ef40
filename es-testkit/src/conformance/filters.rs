//! Rules 19 to 22: what a filter selects, in both directions, always with decoys beside.

use es_core::store::{EventFilter, ReadLog, ReadStream};
use es_core::{ExpectedVersion, NewEvent, StreamId};

use super::expected::check_log_page;
use super::numbered::{numbers, v, versions};
use super::rules::{ended, rule, same};
use super::subject::Subject;

async fn named(on: &Subject, stream: &StreamId, name: &str, number: u64) {
    let event = NewEvent { name: on.name(name), ..on.event(number) };
    let appended = on.store().append(stream, ExpectedVersion::Any, vec![event]).await;
    ended!(6, appended, Ok(_) => (), "an append of an event named {name:?}");
}

/// Everything that a filter selects since the check began, as numbers.
async fn selected(on: &Subject, filter: EventFilter) -> Vec<u64> {
    let (mut range, mut seen) = (ReadLog::after(on.floor()).filter(filter), vec![]);
    for _ in 0..10_000 {
        let page = ended!(19, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
        seen.extend(numbers(&page.events));
        if page.is_end {
            break;
        }
        range = range.resume(page.through);
    }
    seen
}

/// Event n is called by its remainder of 3, and goes in turn to two streams in each of two categories.
async fn mixed(on: &Subject, events: u64) {
    for number in 1..=events {
        let name = ["fizz", "one", "two"][number as usize % 3];
        let streams = [("", "a"), ("", "b"), ("er", "a"), ("er", "b")];
        let (category, id) = streams[number as usize % 4];
        named(on, &on.stream_in(category, id), name, number).await;
    }
}

fn filters(on: &Subject) -> Vec<EventFilter> {
    let all = EventFilter::all;
    let name = |text| on.name(text).as_str().to_owned();
    vec![
        all(),
        on.filter(&[""]),
        on.filter(&["", "er"]),
        all().names([name("one")]),
        all().names([name("one"), name("fizz")]),
        on.filter(&["er"]).names([name("two")]),
        on.filter(&["er"]).names([name("two"), name("missing")]),
        all().names([name("on"), name("One"), name("one ")]),
        on.filter(&["e"]),
        all().names(Vec::<String>::new()),
    ]
}

pub(super) async fn rule_19_a_filter_selects_whole_names_in_the_same_letters(on: &Subject) {
    let a = on.stream("a");
    let names =
        ["opened", "Opened", "OPENED", "open", "opened ", "re-opened", "opened%", "open_d", "öpened", "o\u{308}pened"];
    for (number, name) in (1..).zip(names) {
        named(on, &a, name, number).await;
    }
    for (number, name) in (1..).zip(names) {
        let filter = EventFilter::all().names([on.name(name).as_str()]);
        same!(19, selected(on, filter).await, [number], "what the name {name:?} selects");
    }
    let none = EventFilter::all().names([on.name("opene").as_str(), on.name("opened'").as_str(), "%", "_", "*", ""]);
    same!(19, selected(on, none).await, [0; 0], "what other names select");
}

pub(super) async fn rule_19_a_filter_selects_whole_categories_in_the_same_letters(on: &Subject) {
    let categories = ["", "a", "A", "ab", "a_", "a%", "%", "_", " ", "ä", "a\u{308}", "a.b", "a'b"];
    for (number, category) in (1..).zip(categories) {
        on.put(&on.stream_in(category, "x"), [number]).await;
    }
    for (number, category) in (1..).zip(categories) {
        let seen = selected(on, on.filter(&[category])).await;
        same!(19, seen, [number], "what the category {category:?} selects");
    }
    same!(19, selected(on, on.filter(&["", "ab"])).await, [1, 4], "what two categories select");
    let none = on.filter(&["b", "a-x", "-x", "-"]);
    same!(19, selected(on, none).await, [0; 0], "what other categories select");
}

pub(super) async fn rule_19_a_filter_selects_before_the_limit_counts(on: &Subject) {
    for number in 1..=60 {
        let category = if number % 20 == 0 { "rare" } else { "" };
        on.put(&on.stream_in(category, "a"), [number]).await;
    }
    let own = on.own().await;
    let mut range = ReadLog::after(on.floor()).filter(on.filter(&["rare"])).limit(2);
    let page = ended!(19, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
    // A page may end early, but not because of events that are not selected: there are 19 before the first.
    rule!(19, page.through > own[1].position, "two events that are not selected end a page with a limit of 2");
    let mut seen = vec![];
    for _ in 0..own.len() * 2 {
        let page = ended!(19, on.store().read_log(range.clone()).await, Ok(page) => page, "{range:?}");
        rule!(9, page.events.len() <= 2, "a page with a limit of 2 has {} events", page.events.len());
        seen.extend(numbers(&page.events));
        if page.is_end {
            break;
        }
        range = range.resume(page.through);
    }
    same!(19, seen, [20, 40, 60], "the events of a rare category, in pages of 2");
}

pub(super) async fn rule_19_an_empty_list_selects_nothing(on: &Subject) {
    let a = on.stream("a");
    on.put(&a, [1, 2]).await;
    same!(19, selected(on, on.filter(&[""])).await, [1, 2], "what the category selects");
    let none = Vec::<String>::new();
    same!(19, selected(on, on.filter(&[])).await, [0; 0], "what no category selects");
    same!(19, selected(on, on.filter(&[""]).names(none.clone())).await, [0; 0], "what no name selects");
    let page = on.store().read_stream(&a, ReadStream::all().names(none)).await;
    let page = ended!(19, page, Ok(page) => page, "a read of a stream by no name");
    same!(19, (page.events.len(), page.version), (0, v(2)), "what no name selects of a stream");
    rule!(13, page.through > v(0), "a page with a filter that selects nothing does not advance");
}

pub(super) async fn rule_19_names_and_categories_must_both_be_right(on: &Subject) {
    mixed(on, 24).await;
    let name = |text| on.name(text).as_str().to_owned();
    let twos = on.filter(&["er"]).names([name("two")]);
    same!(19, selected(on, twos).await, [2, 11, 14, 23], "what a name and a category select");
    let either = on.filter(&["er", ""]).names([name("two"), name("fizz")]);
    let meant: Vec<u64> = (1..=24).filter(|number| number % 3 != 1).collect();
    same!(19, selected(on, either).await, meant, "what two names and two categories select");
}

pub(super) async fn rule_19_a_stream_can_be_read_by_names(on: &Subject) {
    let a = on.stream("a");
    for number in 1..=9 {
        named(on, &a, if number % 3 == 0 { "third" } else { "other" }, number).await;
    }
    let read = async |range: ReadStream| {
        let range = range.names([on.name("third").as_str()]);
        let page = ended!(19, on.store().read_stream(&a, range.clone()).await, Ok(page) => page, "{range:?}");
        super::expected::check_stream_page(&on.whole(&a).await, &range, &page);
        versions(&page.events)
    };
    same!(19, read(ReadStream::all()).await, [3, 6, 9], "every third");
    same!(19, read(ReadStream::all().limit(2)).await, [3, 6], "two of every third");
    same!(20, read(ReadStream::all().backward().limit(2)).await, [9, 6], "the newest two of every third");
    same!(19, read(ReadStream::after(v(6)).up_to(v(8))).await, [0; 0], "every third between 6 and 9");
    same!(9, read(ReadStream::after(v(3)).up_to(v(9))).await, [6, 9], "every third after 3 up to 9");
    let decoy = ReadStream::all().filter(on.filter(&["other"]));
    let page = ended!(19, on.store().read_stream(&a, decoy).await, Ok(page) => page, "a stream of another category");
    same!(19, page.events, [], "what another category selects of a stream");
}

pub(super) async fn rule_20_backward_with_a_limit_keeps_the_newest_of_what_is_selected(on: &Subject) {
    mixed(on, 24).await;
    let range = ReadLog::after(on.floor()).names([on.name("one").as_str()]).backward();
    for (limit, meant) in [(1, vec![22]), (2, vec![22, 19]), (3, vec![22, 19, 16])] {
        let page = ended!(20, on.store().read_log(range.clone().limit(limit)).await, Ok(page) => page, "{range:?}");
        same!(20, numbers(&page.events), meant, "the newest {limit} of a name");
    }
}

pub(super) async fn rule_21_pages_of_every_filter_range_direction_and_limit(on: &Subject) {
    mixed(on, 24).await;
    let all = on.log().await;
    let own: Vec<_> = all.iter().filter(|event| on.is_own(event)).map(|event| event.position).collect();
    same!(19, own.len(), 24, "the number of events in the log");
    for filter in filters(on) {
        for (after, up_to) in [(on.floor(), own[23]), (own[6], own[16]), (own[22], own[23]), (own[9], own[9])] {
            for limit in [1, 2, 7, usize::MAX] {
                for range in [ReadLog::after(after), ReadLog::after(after).backward()] {
                    let mut range = range.up_to(up_to).filter(filter.clone()).limit(limit);
                    let within = all.iter().filter(|event| event.position > after && event.position <= up_to);
                    let meant = within.filter(|event| filter.selects(&event.stream, &event.name)).count();
                    let mut seen = 0;
                    for _ in 0..=2 * all.len() {
                        let page = on.store().read_log(range.clone()).await;
                        let page = ended!(21, page, Ok(page) => page, "{range:?}");
                        check_log_page(&all, &range, &page);
                        seen += page.events.len();
                        range = range.resume(page.through);
                        if page.is_end {
                            break;
                        }
                    }
                    same!(13, seen, meant, "the number of events in all pages, of which the last was {range:?},");
                }
            }
        }
    }
}
