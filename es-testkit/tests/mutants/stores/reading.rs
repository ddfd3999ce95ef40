//! Mutants that read wrongly.

use std::sync::Mutex;

use async_trait::async_trait;
use es_core::store::{
    AppendError, Appended, Direction, EventFilter, EventStore, LogPage, ReadError, ReadLog, ReadStream, StreamPage,
};
use es_core::{ExpectedVersion, NewEvent, Position, StreamId, Version};
use es_memory_store::MemoryStore;

use crate::fault::Fault;
use crate::{Case, case};

type Append = Result<Appended, AppendError>;
type Stream = Result<StreamPage, ReadError>;
type Log = Result<LogPage, ReadError>;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case::<ByTimestamp>("the log is ordered by time", &["rule_06_times_are_kept_and_do_not_order_anything"]),
        case::<LeaksPrefix>(
            "reading `a` gives the events of `ab` too",
            &["rule_12_streams_with_colliding_prefixes_are_told_apart"],
        ),
        case::<FoldsStreams>(
            "ids of streams are folded to lower case",
            &["rule_12_streams_with_colliding_prefixes_are_told_apart"],
        ),
        case::<FoldsNames>(
            "filters fold names to lower case",
            &["rule_19_a_filter_selects_whole_names_in_the_same_letters"],
        ),
        case::<FoldsCategories>(
            "filters take categories as prefixes",
            &["rule_19_a_filter_selects_whole_categories_in_the_same_letters"],
        ),
        case::<CutsCategories>(
            "filters compare the first 400 bytes of a category",
            &["rule_06_the_longest_category_is_kept_and_filtered_by"],
        ),
        case::<LimitBeforeFilter>(
            "the limit counts before the filter",
            &["rule_19_a_filter_selects_before_the_limit_counts"],
        ),
        case::<FilterForgotten>("streams are not filtered", &["rule_19_a_stream_can_be_read_by_names"]),
        case::<EitherIsEnough>("a name or a category is enough", &["rule_19_names_and_categories_must_both_be_right"]),
        case::<EmptyListIsAll>("an empty list selects everything", &["rule_19_an_empty_list_selects_nothing"]),
        case::<AfterIsInclusive>(
            "`after` is inclusive",
            &["rule_09_any_range_of_a_stream_gives_what_is_meant", "rule_09_any_range_of_the_log_gives_what_is_meant"],
        ),
        case::<AfterSkipsOne>(
            "`after` leaves out one event more",
            &[
                "rule_09_any_range_of_a_stream_gives_what_is_meant",
                "rule_11_a_reader_that_pages_on_while_others_append_sees_every_event_once",
            ],
        ),
        case::<UpToIsExclusive>("`up_to` is exclusive", &["rule_09_any_range_of_a_stream_gives_what_is_meant"]),
        case::<BackwardIsForward>(
            "backward is read forward",
            &["rule_08_a_stream_and_the_log_are_read_in_order_and_backward_in_reverse"],
        ),
        case::<BackwardKeepsOldest>(
            "a backward limit keeps the oldest",
            &["rule_20_backward_with_a_limit_keeps_the_newest_of_what_is_selected"],
        ),
        case::<HeadIsThrough>("the head is where the page ends", &["rule_22_version_and_head_are_those_of_the_whole"]),
        case::<VersionIsThrough>(
            "the version is where the page ends",
            &["rule_22_version_and_head_are_those_of_the_whole"],
        ),
        case::<AlwaysEnd>("`is_end` is always true", &["rule_13_pages_of_every_size_give_the_same"]),
        case::<NeverEnd>("`is_end` is true only of an empty page", &["rule_13_pages_of_every_size_give_the_same"]),
        case::<FilteredStuck>(
            "events that are not selected do not advance the page",
            &[
                "rule_13_a_page_that_finds_nothing_in_a_long_log_still_advances",
                "rule_13_what_a_filter_leaves_out_moves_a_subscription_on",
            ],
        ),
        case::<ThroughIsUpTo>(
            "a page goes through what was asked for",
            &["rule_09_any_range_of_a_stream_gives_what_is_meant"],
        ),
        case::<LateVisibility>(
            "an event is seen later than the one after it",
            &[
                "rule_11_a_tailing_reader_loses_nothing_and_sees_order_while_many_write",
                "rule_11_a_tailing_reader_without_a_limit_loses_nothing_while_many_write",
            ],
        ),
        case::<LateCategory>(
            "an event of a category is seen later than the one after it",
            &["rule_11_a_tailing_reader_with_a_filter_loses_nothing_while_many_write"],
        ),
        case::<SwallowsUnknown>(
            "events of an unknown name are left out",
            &["rule_06_everything_is_given_back_as_it_was_given"],
        ),
        case::<LeaksVersions>(
            "versions count across streams",
            &["rule_02_versions_count_from_1_in_each_stream", "rule_03_each_expectation_of_a_missing_stream"],
        ),
        case::<ReadCreates>(
            "reading creates the stream",
            &["rule_07_a_missing_stream_reads_as_empty_and_is_not_created_by_it"],
        ),
    ]
}

macro_rules! reads {
    ($fault:ident $(, stream $s:ident($store:ident, $id:ident, $range:ident) $body:block)? $(, log $l:ident($lstore:ident, $lrange:ident) $lbody:block)?) => {
        #[derive(Default)]
        struct $fault;

        #[async_trait]
        impl Fault for $fault {
            $(async fn $s(&self, $store: &MemoryStore, $id: &StreamId, $range: ReadStream) -> Stream $body)?
            $(async fn $l(&self, $lstore: &MemoryStore, $lrange: ReadLog) -> Log $lbody)?
        }
    };
}

reads!(ByTimestamp, log read_log(store, range) {
    let mut page = store.read_log(range).await?;
    page.events.sort_by_key(|event| event.recorded_at);
    Ok(page)
});

reads!(LeaksPrefix, stream read_stream(store, id, range) {
    let mut page = store.read_stream(id, range.clone()).await?;
    let log = store.read_log(ReadLog::all()).await?.events;
    let leaked = log.into_iter().filter(|event| event.stream != *id && event.stream.as_str().starts_with(id.as_str()));
    page.events.extend(leaked.take(range.limit - page.events.len().min(range.limit)));
    Ok(page)
});

fn folded(stream: &StreamId) -> StreamId {
    stream.as_str().to_lowercase().parse().expect("as good a name")
}

#[derive(Default)]
struct FoldsStreams;

#[async_trait]
impl Fault for FoldsStreams {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        store.append(&folded(on), expected, events).await
    }

    async fn read_stream(&self, store: &MemoryStore, on: &StreamId, range: ReadStream) -> Stream {
        store.read_stream(&folded(on), range).await
    }
}

/// Reads all, and selects with another filter than the given one.
async fn selecting(store: &MemoryStore, range: ReadLog, selects: impl Fn(&es_core::RecordedEvent) -> bool) -> Log {
    let (limit, filter) = (range.limit, EventFilter::all());
    let mut page = store.read_log(range.filter(filter).limit(usize::MAX)).await?;
    page.events.retain(selects);
    if page.events.len() > limit {
        page.events.truncate(limit);
        page.is_end = false;
        page.through = page.events.last().map_or(page.through, |event| event.position);
    }
    Ok(page)
}

reads!(FoldsNames, log read_log(store, range) {
    let Some(names) = range.filter.selected_names() else { return store.read_log(range).await };
    let names: Vec<_> = names.map(str::to_lowercase).collect();
    selecting(store, range, |event| names.contains(&event.name.as_str().to_lowercase())).await
});

reads!(FoldsCategories, log read_log(store, range) {
    let Some(categories) = range.filter.selected_categories() else { return store.read_log(range).await };
    let categories: Vec<_> = categories.map(str::to_owned).collect();
    selecting(store, range, |event| categories.iter().any(|start| event.stream.category().starts_with(start))).await
});

reads!(CutsCategories, log read_log(store, range) {
    let Some(categories) = range.filter.selected_categories() else { return store.read_log(range).await };
    let cut = |text: &str| text.bytes().take(400).collect::<Vec<_>>();
    let categories: Vec<_> = categories.map(cut).collect();
    selecting(store, range, |event| categories.contains(&cut(event.stream.category()))).await
});

reads!(EitherIsEnough, log read_log(store, range) {
    let (Some(names), Some(categories)) = (range.filter.selected_names(), range.filter.selected_categories()) else {
        return store.read_log(range).await;
    };
    let either = [EventFilter::all().names(names), EventFilter::all().categories(categories)];
    selecting(store, range, |event| either.iter().any(|filter| filter.selects(&event.stream, &event.name))).await
});

reads!(EmptyListIsAll, log read_log(store, range) {
    let is_empty = range.filter.selected_names().is_some_and(|names| names.len() == 0)
        || range.filter.selected_categories().is_some_and(|categories| categories.len() == 0);
    store.read_log(if is_empty { range.filter(EventFilter::all()) } else { range }).await
});

reads!(LimitBeforeFilter, log read_log(store, range) {
    let filter = range.filter.clone();
    let mut page = store.read_log(range.filter(EventFilter::all())).await?;
    page.events.retain(|event| filter.selects(&event.stream, &event.name));
    Ok(page)
});

reads!(FilterForgotten, stream read_stream(store, id, range) {
    store.read_stream(id, range.filter(EventFilter::all())).await
});

reads!(
    AfterIsInclusive,
    stream read_stream(store, id, range) {
        let after = Version::new(range.after.get().saturating_sub(1));
        store.read_stream(id, ReadStream { after, ..range }).await
    },
    log read_log(store, range) {
        let after = Position::new(range.after.get().saturating_sub(1));
        store.read_log(ReadLog { after, ..range }).await
    }
);

reads!(
    AfterSkipsOne,
    stream read_stream(store, id, range) {
        let after = if range.after == Version::EMPTY { range.after } else { range.after.next() };
        store.read_stream(id, ReadStream { after, ..range }).await
    },
    log read_log(store, range) {
        let after = Position::new(range.after.get().saturating_add(u64::from(range.after > Position::START)));
        store.read_log(ReadLog { after, ..range }).await
    }
);

reads!(UpToIsExclusive, stream read_stream(store, id, range) {
    let up_to = if range.up_to == Version::MAX { range.up_to } else { Version::new(range.up_to.get().saturating_sub(1)) };
    store.read_stream(id, ReadStream { up_to, ..range }).await
});

reads!(BackwardIsForward, stream read_stream(store, id, range) {
    store.read_stream(id, ReadStream { direction: Direction::Forward, ..range }).await
});

reads!(BackwardKeepsOldest, log read_log(store, range) {
    if range.direction == Direction::Forward {
        return store.read_log(range).await;
    }
    let end = range.after;
    let mut page = store.read_log(ReadLog { direction: Direction::Forward, ..range }).await?;
    page.events.reverse();
    page.through = end;
    Ok(page)
});

reads!(HeadIsThrough, log read_log(store, range) {
    let page = store.read_log(range).await?;
    Ok(LogPage { head: page.through, ..page })
});

reads!(VersionIsThrough, stream read_stream(store, id, range) {
    let page = store.read_stream(id, range).await?;
    Ok(StreamPage { version: page.through, ..page })
});

reads!(
    AlwaysEnd,
    stream read_stream(store, id, range) { Ok(StreamPage { is_end: true, ..store.read_stream(id, range).await? }) },
    log read_log(store, range) { Ok(LogPage { is_end: true, ..store.read_log(range).await? }) }
);

reads!(
    NeverEnd,
    stream read_stream(store, id, range) {
        let page = store.read_stream(id, range).await?;
        Ok(StreamPage { is_end: page.is_end && page.events.is_empty(), ..page })
    },
    log read_log(store, range) {
        let page = store.read_log(range).await?;
        Ok(LogPage { is_end: page.is_end && page.events.is_empty(), ..page })
    }
);

reads!(FilteredStuck, log read_log(store, range) {
    let start = range.after;
    let page = store.read_log(range.clone()).await?;
    if range.filter.is_all() || range.direction == Direction::Backward {
        return Ok(page);
    }
    let through = page.events.last().map_or(start, |event| event.position);
    Ok(LogPage { is_end: through >= range.up_to.min(page.head), through, ..page })
});

reads!(ThroughIsUpTo, stream read_stream(store, id, range) {
    let up_to = range.up_to;
    let page = store.read_stream(id, range).await?;
    Ok(StreamPage { through: if page.is_end { up_to } else { page.through }, ..page })
});

/// The last but one is not there when it is first looked for: its transaction had not ended.
#[derive(Default)]
struct LateVisibility(Mutex<Position>);

#[async_trait]
impl Fault for LateVisibility {
    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Log {
        let mut page = store.read_log(range).await?;
        let mut hidden = self.0.lock().expect("not poisoned");
        let late = Position::new(page.head.get().saturating_sub(1));
        if page.events.last().is_some_and(|event| event.position == page.head) && *hidden < late {
            *hidden = late;
            page.events.retain(|event| event.position != late);
        }
        Ok(page)
    }
}

/// The last of the selected events but one is not there when it is first looked for.
#[derive(Default)]
struct LateCategory(Mutex<Position>);

#[async_trait]
impl Fault for LateCategory {
    async fn read_log(&self, store: &MemoryStore, range: ReadLog) -> Log {
        let is_filtered = !range.filter.is_all();
        let mut page = store.read_log(range).await?;
        let mut hidden = self.0.lock().expect("not poisoned");
        if let (true, [.., late, _]) = (is_filtered, &page.events[..]) {
            let late = late.position;
            if *hidden < late {
                *hidden = late;
                page.events.retain(|event| event.position != late);
            }
        }
        Ok(page)
    }
}

reads!(
    SwallowsUnknown,
    stream read_stream(store, id, range) {
        let mut page = store.read_stream(id, range).await?;
        page.events.retain(|event| event.name.as_str().is_ascii());
        Ok(page)
    }
);

/// The version of a stream is that of the log.
#[derive(Default)]
struct LeaksVersions;

#[async_trait]
impl Fault for LeaksVersions {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        let appended = store.append(on, expected, events).await?;
        Ok(Appended { version: appended.position.map_or(appended.version, |at| Version::new(at.get())), ..appended })
    }
}

/// Which streams were read before they had events.
#[derive(Default)]
struct ReadCreates(Mutex<Vec<StreamId>>);

#[async_trait]
impl Fault for ReadCreates {
    async fn append(
        &self,
        store: &MemoryStore,
        on: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Append {
        if expected == ExpectedVersion::NoStream && self.0.lock().expect("not poisoned").contains(on) {
            return Err(AppendError::Conflict { stream: on.clone(), expected, actual: Version::EMPTY });
        }
        store.append(on, expected, events).await
    }

    async fn read_stream(&self, store: &MemoryStore, on: &StreamId, range: ReadStream) -> Stream {
        let page = store.read_stream(on, range).await?;
        if !page.exists() {
            self.0.lock().expect("not poisoned").push(on.clone());
        }
        Ok(page)
    }
}
