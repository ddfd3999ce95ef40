//! One read of the log for all processors that are near each other. It knows their filters, not what they do.
//!
//! A page that somebody has read is kept for the others, who come by soon; whoever asks for the next page first reads it
//! for all who are near.
//! A processor that is far from all others reads for itself, with its own filter, and shares again once it is near.
//! So what is in memory is bounded by the number of pages, and a slow processor holds nobody up: it falls behind the
//! kept pages, and reads for itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use es_core::store::{EventFilter, LogPage, ReadError, ReadLog, Subscribe};
use es_core::{Position, RecordedEvent};
use tokio::sync::watch;

use crate::options::Backoff;
use crate::random::Random;

/// How many pages are kept.
const KEPT: usize = 8;

/// Which processor asks.
pub(crate) type Reader = usize;

/// A part of the log, for one processor.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) through: Position,
    pub(crate) is_end: bool,
    pub(crate) seen: Seen,
}

/// What is known of the end of the log.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) head: Position,
    /// How often the log has been said to have grown.
    growths: u64,
    /// How often it has been read.
    reads: u64,
}

/// The log, and what of it is kept.
pub(crate) struct Pages {
    log: Arc<dyn Subscribe>,
    size: usize,
    kept: tokio::sync::Mutex<VecDeque<Kept>>,
    readers: Mutex<BTreeMap<Reader, Place>>,
    seen: watch::Sender<Seen>,
}

struct Place {
    filter: EventFilter,
    /// Nothing while it reads nothing.
    after: Option<Position>,
}

struct Kept {
    after: Position,
    page: Arc<LogPage>,
    seen: Seen,
    readers: BTreeSet<Reader>,
}

impl Pages {
    pub(crate) fn new(log: Arc<dyn Subscribe>, size: usize, filters: impl IntoIterator<Item = EventFilter>) -> Self {
        let places = filters.into_iter().map(|filter| Place { filter, after: None });
        let (readers, seen) = (Mutex::new(places.enumerate().collect()), watch::Sender::new(Seen::default()));
        Self { log, size: size.max(1), kept: tokio::sync::Mutex::default(), readers, seen }
    }

    fn readers(&self) -> MutexGuard<'_, BTreeMap<Reader, Place>> {
        // Nothing can panic while a place is half changed.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last event of the log that anybody has seen.
    pub(crate) fn head(&self) -> Position {
        self.seen.borrow().head
    }

    /// The reader does not go on for now, and nobody needs to read for it.
    pub(crate) fn leave(&self, reader: Reader) {
        if let Some(place) = self.readers().get_mut(&reader) {
            place.after = None;
        }
    }

    /// What follows `after` for a reader: all that its filter selects, up to where the page goes.
    ///
    /// An event that cannot be upcast fails the page that it is in; `one` asks for one event alone.
    pub(crate) async fn after(&self, reader: Reader, after: Position, one: bool) -> Result<Page, ReadError> {
        let (own, near) = self.move_to(reader, after);
        if near.len() > 1 && !one {
            match self.shared(reader, after, near).await {
                // Somebody else may be the one who selects it.
                Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. }) => {}
                Err(error) => return Err(error),
                Ok((page, seen)) => {
                    let chosen =
                        |event: &&RecordedEvent| event.position > after && own.selects(&event.stream, &event.name);
                    let events = page.events.iter().filter(chosen).cloned().collect();
                    return Ok(Page { events, through: page.through, is_end: page.is_end, seen });
                }
            }
        }
        let (page, seen) = self.read(ReadLog::after(after).filter(own).limit(if one { 1 } else { self.size })).await?;
        Ok(Page { events: page.events, through: page.through, is_end: page.is_end, seen })
    }

    /// Notes where a reader is, and says which are near it.
    fn move_to(&self, reader: Reader, after: Position) -> (EventFilter, BTreeMap<Reader, EventFilter>) {
        let span = (self.size * KEPT) as u64;
        let mut readers = self.readers();
        if let Some(place) = readers.get_mut(&reader) {
            place.after = Some(after);
        }
        let is_near = |place: &Place| place.after.is_some_and(|other| other.get().abs_diff(after.get()) <= span);
        let near = readers.iter().filter(|(_, place)| is_near(place));
        let near: BTreeMap<_, _> = near.map(|(reader, place)| (*reader, place.filter.clone())).collect();
        (near.get(&reader).cloned().unwrap_or_default(), near)
    }

    /// A kept page, or the next one for all who are near.
    async fn shared(
        &self,
        reader: Reader,
        after: Position,
        near: BTreeMap<Reader, EventFilter>,
    ) -> Result<(Arc<LogPage>, Seen), ReadError> {
        // Held while reading: the others wait for this page instead of reading it themselves.
        let mut kept = self.kept.lock().await;
        let fits = |kept: &&Kept| kept.after <= after && after < kept.page.through && kept.readers.contains(&reader);
        if let Some(Kept { page, seen, .. }) = kept.iter().find(fits) {
            return Ok((Arc::clone(page), *seen));
        }
        let range = ReadLog::after(after).filter(union(near.values())).limit(self.size);
        let (page, seen) = self.read(range).await?;
        let page = Arc::new(page);
        if page.through > after {
            kept.truncate(KEPT - 1);
            kept.push_front(Kept { after, page: Arc::clone(&page), seen, readers: near.into_keys().collect() });
        }
        Ok((page, seen))
    }

    async fn read(&self, range: ReadLog) -> Result<(LogPage, Seen), ReadError> {
        let before = *self.seen.borrow();
        let page = self.log.read_log(range).await?;
        self.seen.send_modify(|seen| {
            seen.head = seen.head.max(page.head);
            seen.reads += 1;
        });
        let seen = Seen { head: page.head, ..before };
        Ok((page, seen))
    }

    /// The first position after `after` at which the log cannot be read for this reader, and how it fails.
    pub(crate) async fn unreadable(&self, reader: Reader, after: Position) -> Result<Option<Position>, ReadError> {
        let (own, _) = self.move_to(reader, after);
        let head = self.end().await?;
        let (mut readable, mut failing) = (after, head);
        while readable.get() + 1 < failing.get() {
            let middle = Position::new(readable.get() + (failing.get() - readable.get()) / 2);
            let range = ReadLog::after(readable).up_to(middle).filter(own.clone()).limit(1);
            match self.log.read_log(range).await {
                Ok(page) => readable = page.through.max(Position::new(readable.get() + 1)),
                Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. }) => failing = middle,
                Err(error) => return Err(error),
            }
        }
        Ok((failing > after).then_some(failing))
    }

    /// The head of the log, as it is now.
    pub(crate) async fn end(&self) -> Result<Position, ReadError> {
        Ok(self.log.read_log(ReadLog::all().limit(0)).await?.head)
    }

    /// The event at a position, as the log gives it today; several, if it is read as several.
    pub(crate) async fn at(&self, position: Position) -> Result<Vec<RecordedEvent>, ReadError> {
        let before = Position::new(position.get().saturating_sub(1));
        Ok(self.log.read_log(ReadLog::after(before).up_to(position)).await?.events)
    }

    /// Returns when there may be more than `seen`.
    pub(crate) async fn grown(&self, seen: Seen) {
        let mut watching = self.seen.subscribe();
        let is_more = |now: &Seen| now.head > seen.head || now.growths > seen.growths;
        // The sender is in `self`, so it is not gone.
        let _ = watching.wait_for(is_more).await;
    }

    /// Tells all who wait when the log has grown; for one task, which is dropped to end it.
    pub(crate) async fn watch(&self, backoff: Backoff, random: &Random) {
        let (mut watching, mut failures) = (self.seen.subscribe(), 0);
        loop {
            let seen = *watching.borrow_and_update();
            if self.log.appended_after(seen.head).await.is_err() {
                failures += 1;
                tokio::time::sleep(backoff.delay(failures, random.part())).await;
                continue;
            }
            failures = 0;
            let reads = self.seen.borrow().reads;
            self.seen.send_modify(|seen| seen.growths += 1);
            // It is for the readers to find out what there is; until one has, there is nothing new to tell.
            let _ = watching.wait_for(|now| now.reads > reads).await;
        }
    }
}

/// A filter that selects at least what each of `filters` does.
fn union<'f>(filters: impl Iterator<Item = &'f EventFilter>) -> EventFilter {
    let (mut categories, mut names) = (Some(BTreeSet::new()), Some(BTreeSet::new()));
    for filter in filters {
        categories = categories.zip(filter.selected_categories()).map(|(mut all, more)| {
            all.extend(more.map(str::to_owned));
            all
        });
        names = names.zip(filter.selected_names()).map(|(mut all, more)| {
            all.extend(more.map(str::to_owned));
            all
        });
    }
    let mut union = EventFilter::all();
    if let Some(categories) = categories {
        union = union.categories(categories);
    }
    if let Some(names) = names {
        union = union.names(names);
    }
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_union_of_filters_selects_what_each_does() {
        let (a, b) = (EventFilter::all().category("a").names(["x"]), EventFilter::all().category("b").names(["y"]));
        let both = EventFilter::all().categories(["a", "b"]).names(["x", "y"]);
        assert_eq!(union([&a, &b].into_iter()), both);
        let any_name = EventFilter::all().category("b");
        assert_eq!(union([&a, &any_name].into_iter()), EventFilter::all().categories(["a", "b"]));
        assert!(union([&a, &EventFilter::all()].into_iter()).is_all());
    }
}
