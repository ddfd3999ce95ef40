//! Rules 13 and 19 to 22: filters, both directions, and ends.

use es_core::store::{EventFilter, EventStore, LogPage, ReadLog, ReadStream};
use es_core::{EventName, ExpectedVersion, NewEvent};
use es_memory_store::MemoryStore;

use crate::{event, numbers, p, positions, put, stream, v, versions};

/// Event n is called by its remainder of 3, and goes to one of two streams in each of two categories in turn.
async fn mixed(events: u64) -> MemoryStore {
    let store = MemoryStore::new();
    for number in 1..=events {
        let name = EventName::new(["fizz", "one", "two"][usize::try_from(number % 3).unwrap()]).unwrap();
        let stream = stream(["count-a", "count-b", "counter-a", "counter-b"][usize::try_from(number % 4).unwrap()]);
        store.append(&stream, ExpectedVersion::Any, vec![NewEvent { name, ..event(number) }]).await.unwrap();
    }
    store
}

/// Which events of `mixed` a filter is meant to select.
fn is_meant(filter: &EventFilter, number: u64) -> bool {
    let name = ["fizz", "one", "two"][usize::try_from(number % 3).unwrap()];
    let category = if number % 4 < 2 { "count" } else { "counter" };
    filter.selected_names().is_none_or(|mut names| names.any(|selected| selected == name))
        && filter.selected_categories().is_none_or(|mut selected| selected.any(|selected| selected == category))
}

fn filters() -> Vec<EventFilter> {
    let all = EventFilter::all;
    vec![
        all(),
        all().category("count"),
        all().categories(["count", "counter"]),
        all().names(["one"]),
        all().names(["one", "fizz"]),
        all().names(["two"]).category("counter"),
        all().names(["on", "One", "one "]),
        all().category("coun"),
        all().names(Vec::<String>::new()),
    ]
}

/// Reads pages to the end, and checks of each what rules 13, 21 and 22 say.
async fn pages(store: &MemoryStore, mut range: ReadLog) -> Vec<u64> {
    let is_backward = range == range.clone().backward();
    let mut seen = vec![];
    loop {
        let LogPage { events, through, is_end, head } = store.read_log(range.clone()).await.unwrap();
        let (low, high) = if is_backward { (through, range.up_to) } else { (range.after, through) };
        assert!(events.iter().all(|event| low < event.position && event.position <= high));
        assert!(events.len() <= range.limit);
        assert!(through <= head || range.after > head);
        seen.extend(numbers(&events));
        let rest = range.clone().resume(through);
        let (left, end) = if is_backward {
            (through > range.after, range.after)
        } else {
            (through < range.up_to.min(head), range.up_to.min(head))
        };
        assert_eq!(is_end, !left, "{range:?} {through:?}");
        if is_end {
            assert_eq!(through, end.max(range.after));
            return seen;
        }
        assert!(rest != range, "stuck at {range:?}");
        range = rest;
    }
}

#[tokio::test]
async fn rules_9_19_and_20_any_range_filter_direction_and_limit_selects_what_is_meant() {
    let store = mixed(40).await;
    for filter in filters() {
        for (after, up_to) in [(0, 99), (0, 40), (7, 23), (39, 40), (20, 20)] {
            let mut meant: Vec<u64> = (after + 1..=up_to.min(40)).filter(|number| is_meant(&filter, *number)).collect();
            let range = ReadLog::after(p(after)).up_to(p(up_to)).filter(filter.clone());
            for limit in [1, 2, 3, 7, 40, usize::MAX] {
                let page = store.read_log(range.clone().limit(limit)).await.unwrap();
                assert_eq!(positions(&page.events), meant.iter().copied().take(limit).collect::<Vec<_>>());
                assert_eq!(pages(&store, range.clone().limit(limit)).await, meant, "{filter:?}");
            }
            meant.reverse();
            for limit in [1, 2, 3, 7, 40, usize::MAX] {
                let range = range.clone().backward().limit(limit);
                let page = store.read_log(range.clone()).await.unwrap();
                assert_eq!(positions(&page.events), meant.iter().copied().take(limit).collect::<Vec<_>>());
                assert_eq!(pages(&store, range).await, meant, "{filter:?}");
            }
        }
    }
}

#[tokio::test]
async fn rule_20_a_stream_is_read_backward_in_pages_of_every_size() {
    let store = MemoryStore::new();
    put(&store, "count-a", 1..=3000).await;
    for limit in [1, 7, 1023, 1024, 1025, 4000] {
        let mut range = ReadStream::after(v(5)).up_to(v(2990)).backward().limit(limit);
        let mut seen = vec![];
        loop {
            let page = store.read_stream(&stream("count-a"), range.clone()).await.unwrap();
            seen.extend(versions(&page.events));
            if page.is_end {
                assert_eq!((page.through, page.version), (v(5), v(3000)));
                break;
            }
            assert_eq!(page.through.get(), seen.last().unwrap() - 1);
            range = range.resume(page.through);
        }
        assert_eq!(seen, (6..=2990).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn rule_19_a_stream_is_filtered_by_names_before_the_limit_counts() {
    let store = MemoryStore::new();
    for number in 1..=9 {
        let name = EventName::from_static(if number % 3 == 0 { "third" } else { "other" });
        store.append(&stream("count-a"), ExpectedVersion::Any, vec![NewEvent { name, ..event(number) }]).await.unwrap();
    }
    let read = async |range: ReadStream| {
        let page = store.read_stream(&stream("count-a"), range.names(["third"])).await.unwrap();
        (versions(&page.events), page.through.get(), page.is_end, page.version.get())
    };
    assert_eq!(read(ReadStream::all()).await, (vec![3, 6, 9], 9, true, 9));
    assert_eq!(read(ReadStream::all().limit(2)).await, (vec![3, 6], 6, false, 9));
    assert_eq!(read(ReadStream::all().backward().limit(2)).await, (vec![9, 6], 5, false, 9));
    assert_eq!(read(ReadStream::after(v(6)).up_to(v(8))).await, (vec![], 8, true, 9));
}

#[tokio::test]
async fn rule_13_a_page_that_finds_nothing_in_a_long_log_still_advances() {
    let store = MemoryStore::new();
    for batch in 0..20 {
        put(&store, "count-a", batch * 10_000 + 1..=(batch + 1) * 10_000).await;
    }
    put(&store, "rare-a", [777_777]).await;
    let first = store.read_log(ReadLog::all().category("rare")).await.unwrap();
    assert_eq!((first.events.len(), first.is_end), (0, false));
    assert!(first.through > p(0) && first.head == p(200_001));
    assert_eq!(pages(&store, ReadLog::all().category("rare").limit(1)).await, [777_777]);
    assert_eq!(pages(&store, ReadLog::all().category("rare").backward()).await, [777_777]);
    assert_eq!(pages(&store, ReadLog::all().names(["missing"])).await, [0; 0]);
}

#[tokio::test]
async fn rule_22_an_empty_log_and_a_missing_stream_are_at_their_end_in_both_directions() {
    let store = MemoryStore::new();
    for range in [ReadLog::all(), ReadLog::all().backward(), ReadLog::after(p(9)), ReadLog::all().limit(0)] {
        let page = store.read_log(range.clone()).await.unwrap();
        assert_eq!((page.events, page.is_end, page.through, page.head), (vec![], true, range.after, p(0)));
    }
    for range in [ReadStream::all(), ReadStream::all().backward(), ReadStream::all().limit(0)] {
        let page = store.read_stream(&stream("count-a"), range).await.unwrap();
        assert!(page.is_end && !page.exists());
    }
    put(&store, "count-a", [1]).await;
    let page = store.read_stream(&stream("count-a"), ReadStream::all().limit(0)).await.unwrap();
    assert!(!page.is_end && page.exists());
}
