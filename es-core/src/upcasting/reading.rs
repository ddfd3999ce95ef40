//! Reading through an upcaster: pages of what stored events are read as, in both directions and filtered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_trait::async_trait;

use super::{StreamUpcaster, UpcastingStore};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::store::{
    AppendError, Appended, Direction, EventFilter, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream,
    StreamPage,
};
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// How many stored events are looked at together, at least and at most, for those that are read under some names.
const SCAN: (usize, usize) = (256, 4096);

impl<S: EventStore, U: StreamUpcaster> UpcastingStore<S, U> {
    /// What the stored events of a page are read as, of that what `filter` selects, and how many stored events this is
    /// all of: those up to the one that reaches the limit.
    async fn upcast(
        &self,
        mut stored: Vec<RecordedEvent>,
        direction: Direction,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, usize), ReadError> {
        if direction == Direction::Forward {
            return self.upcast_forward(stored, filter, limit).await;
        }
        // What an event is read as follows from those before it, so they are shown in the order of the stream.
        stored.reverse();
        let all = stored.len();
        let places: Vec<_> = stored.iter().map(|event| event.position).collect();
        let (mut read_as, _) = self.upcast_forward(stored, filter, usize::MAX).await?;
        read_as.reverse();
        let mut given = read_as.chunk_by(|event, next| event.position == next.position);
        let kept: usize = given.by_ref().take(limit).map(<[RecordedEvent]>::len).sum();
        if given.next().is_none() {
            return Ok((read_as, all));
        }
        read_as.truncate(kept);
        let last = read_as.last().map(|event| event.position);
        let beyond = places.iter().take_while(|position| Some(**position) < last).count();
        Ok((read_as, all - beyond))
    }

    async fn upcast_forward(
        &self,
        stored: Vec<RecordedEvent>,
        filter: &EventFilter,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, usize), ReadError> {
        let (mut read_as, mut open) = (Vec::with_capacity(stored.len().min(limit)), HashMap::new());
        let (mut given, mut taken) = (0, 0);
        for event in stored {
            if given == limit {
                break;
            }
            let before = read_as.len();
            if self.upcaster.applies_to(&event.stream) {
                let seen = match open.entry(event.stream.clone()) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        let before = Version::new(event.version.get().saturating_sub(1));
                        entry.insert(self.contexts().at_or_below(&event.stream, before))
                    }
                };
                self.see_up_to(seen, &event).await?;
                let parts = self.step(seen, event)?.into_iter();
                read_as.extend(parts.filter(|event| filter.selects(&event.stream, &event.name)));
            } else if filter.selects(&event.stream, &event.name) {
                read_as.push(event);
            }
            taken += 1;
            given += usize::from(read_as.len() > before);
        }
        let mut contexts = self.contexts();
        for (stream, seen) in open {
            contexts.keep(&stream, seen);
        }
        Ok((read_as, taken))
    }
}

/// What has to be asked of the store below: names are those of today, so there is no telling which are stored instead.
macro_rules! asked_below {
    ($range:expr) => {{
        let mut range = $range.clone();
        if range.filter.selected_names().is_some() {
            range.filter = range.filter.with_any_name();
            range.limit = if range.limit == 0 { 0 } else { range.limit.clamp(SCAN.0, SCAN.1) };
        }
        range
    }};
}

/// Whether a page that gives nothing may be returned before the end: the store below looked for a category and found
/// nothing yet, or a name was looked for and not found in what it gave.
fn may_be_empty(filter: &EventFilter, stored: usize) -> bool {
    filter.selected_names().is_some() || (!filter.is_all() && stored == 0)
}

/// Where a page goes through whose last stored event stands at `last`.
fn boundary(direction: Direction, last: u64) -> u64 {
    match direction {
        Direction::Forward => last,
        Direction::Backward => last.saturating_sub(1),
    }
}

#[async_trait]
impl<S: EventStore, U: StreamUpcaster> EventStore for UpcastingStore<S, U> {
    async fn append(
        &self,
        stream: &StreamId,
        expected: ExpectedVersion,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        self.store.append(stream, expected, events).await
    }

    async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, ReadError> {
        if !self.upcaster.applies_to(stream) {
            return self.store.read_stream(stream, range).await;
        }
        let mut rest = asked_below!(range);
        loop {
            let StreamPage { events: stored, through, is_end, version } =
                self.store.read_stream(stream, rest.clone()).await?;
            // What is appended meanwhile is not part of this read.
            rest.up_to = rest.up_to.min(version);
            let places: Vec<_> = stored.iter().map(|event| event.version.get()).collect();
            let (events, taken) = self.upcast(stored, range.direction, &range.filter, range.limit).await?;
            let page = StreamPage { events, through, is_end, version };
            if let Some(&last) = places.get(..taken).filter(|_| taken < places.len()).and_then(<[u64]>::last) {
                let through = Version::new(boundary(range.direction, last));
                return Ok(StreamPage { through, is_end: rest.is_end(through, version), ..page });
            }
            // Rule 13: whoever reads until a page is empty must not miss what follows events that are read as nothing.
            if !page.events.is_empty()
                || is_end
                || may_be_empty(&range.filter, places.len())
                || rest.clone().resume(through) == rest
            {
                return Ok(page);
            }
            rest = rest.resume(through);
        }
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut rest = asked_below!(range);
        loop {
            let LogPage { events: stored, through, is_end, head } = self.store.read_log(rest.clone()).await?;
            rest.up_to = rest.up_to.min(head);
            let places: Vec<_> = stored.iter().map(|event| event.position.get()).collect();
            let (events, taken) = self.upcast(stored, range.direction, &range.filter, range.limit).await?;
            let page = LogPage { events, through, is_end, head };
            if let Some(&last) = places.get(..taken).filter(|_| taken < places.len()).and_then(<[u64]>::last) {
                let through = Position::new(boundary(range.direction, last));
                return Ok(LogPage { through, is_end: rest.is_end(through, head), ..page });
            }
            if !page.events.is_empty()
                || is_end
                || may_be_empty(&range.filter, places.len())
                || rest.clone().resume(through) == rest
            {
                return Ok(page);
            }
            rest = rest.resume(through);
        }
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        !self.upcaster.applies_to(stream) && self.store.reads_as_appended(stream)
    }
}
