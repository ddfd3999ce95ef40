//! The store that reads through a stream upcaster. It writes nothing of its own and decodes nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::contexts::{Contexts, Remembered};
use super::{StreamUpcaster, upcast_in_place};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::event_set::Events;
use crate::store::{
    AppendError, Appended, CheckpointError, CheckpointName, CheckpointStore, Direction, EventFilter, EventStore,
    Limits, LogPage, MultiAppend, MultiAppendError, MultiAppended, MultiStreamAppend, ReadError, ReadLog, ReadStream,
    StreamPage, Subscribe,
};
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// How many earlier events are read at a time where a context has to be built.
const PAGE: usize = 1024;

/// How many stored events are looked at together for those that have a name.
const SCAN: usize = 256;

/// How many contexts are kept unless something else is said.
const CONTEXTS: usize = 10_000;

/// A store whose events are read through a [`StreamUpcaster`], whoever reads them: repositories, projections, tools.
///
/// What is appended passes through as it is, and versions and positions are those of the stored events: a stream whose
/// last events are read as nothing still has the version that the next append has to expect.
///
/// What an event is read as does not depend on where a read starts.
/// A read that starts in the middle of a stream first goes through the events before, from the last place that is
/// remembered, or else from event 1.
/// If the store does not give all of them, the read is refused with
/// [`ContextUnavailable`](ReadError::ContextUnavailable).
/// A page with an event that cannot be upcast is refused as a whole, as [`Upcast`](ReadError::Upcast).
///
/// # Cost
///
/// Contexts are kept for the places where reads ended, 10 000 of them unless
/// [`with_contexts`](UpcastingStore::with_contexts) says otherwise, so reading on costs one upcast for each event.
/// Where a context has been forgotten, the stream is read again from its start.
/// So that this stays rare, there should be room for one context for each stream that is alive and each reader that
/// goes through the log at its own pace; with less, a log in which long streams take turns costs the square of their
/// length.
/// Clones share what is remembered.
///
/// ```
/// use std::error::Error;
///
/// use es_core::store::{EventStore, ReadStream};
/// use es_core::{Events, RecordedEvent, StreamId, StreamUpcaster, UpcastingStore};
/// # use es_core::{EventName, ExpectedVersion, Metadata, NewEvent, Timestamp};
/// use es_memory_store::MemoryStore;
///
/// /// Pings were stored by the thousand; only every tenth of a stream is read.
/// struct EveryTenth;
///
/// impl StreamUpcaster for EveryTenth {
///     type Context = u64;
///
///     fn applies_to(&self, stream: &StreamId) -> bool {
///         stream.category() == "device"
///     }
///
///     fn upcast(
///         &self,
///         pings: &mut u64,
///         event: RecordedEvent,
///     ) -> Result<Events<RecordedEvent>, Box<dyn Error + Send + Sync>> {
///         *pings += 1;
///         Ok(if pings.is_multiple_of(10) { Events::one(event) } else { Events::none() })
///     }
/// }
///
/// # fn ping(number: u128) -> NewEvent {
/// #     let (id, name) = (es_core::EventId::new(uuid::Uuid::from_u128(number)), EventName::from_static("ping"));
/// #     let (recorded_at, metadata) = (Timestamp::UNIX_EPOCH, Metadata::new());
/// #     NewEvent { id, name, schema_version: 1, recorded_at, metadata, payload: "{}".into() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn Error>> {
/// # let device = StreamId::new("device", "a")?;
/// let store = UpcastingStore::new(MemoryStore::new(), EveryTenth);
/// store.append(&device, ExpectedVersion::NoStream, (1..=25).map(ping).collect()).await?;
///
/// let page = store.read_stream(&device, ReadStream::all()).await?;
/// assert_eq!(page.events.iter().map(|event| event.version.get()).collect::<Vec<_>>(), [10, 20]);
/// assert_eq!((page.through.get(), page.version.get()), (25, 25));
/// # Ok(()) }
/// ```
pub struct UpcastingStore<S, U: StreamUpcaster> {
    store: S,
    upcaster: Arc<U>,
    contexts: Arc<Mutex<Contexts<U::Context>>>,
}

impl<S, U: StreamUpcaster> UpcastingStore<S, U> {
    /// Reads `store` through `upcaster`.
    ///
    /// To read through two of them, hand in the pair: a wrapper inside another is refused as soon as the inner one
    /// reads an event as none or as several, because the outer one cannot tell that from a store that has lost events.
    pub fn new(store: S, upcaster: U) -> Self {
        Self { store, upcaster: Arc::new(upcaster), contexts: Arc::new(Mutex::new(Contexts::new(CONTEXTS))) }
    }

    /// Keeps at most so many contexts between reads.
    #[must_use]
    pub fn with_contexts(self, limit: usize) -> Self {
        Self { contexts: Arc::new(Mutex::new(Contexts::new(limit))), ..self }
    }

    /// The store with the events as they are stored.
    pub fn store(&self) -> &S {
        &self.store
    }

    fn contexts(&self) -> MutexGuard<'_, Contexts<U::Context>> {
        // A panic in a context's own `clone` finds all that is kept in order.
        self.contexts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the upcaster the event that follows what it has seen.
    fn step(
        &self,
        seen: &mut Remembered<U::Context>,
        event: RecordedEvent,
    ) -> Result<Events<RecordedEvent>, ReadError> {
        let (stream, version, name) = (event.stream.clone(), event.version, event.name.clone());
        let read_as = upcast_in_place(&*self.upcaster, &mut seen.context, event)
            .map_err(|cause| ReadError::Upcast { stream, version, name, cause })?;
        seen.version = version;
        Ok(read_as)
    }
}

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

    /// Shows the upcaster the events between what it has seen and `event`.
    async fn see_up_to(&self, seen: &mut Remembered<U::Context>, event: &RecordedEvent) -> Result<(), ReadError> {
        let unavailable = |seen| ReadError::ContextUnavailable {
            stream: event.stream.clone(),
            version: event.version,
            name: event.name.clone(),
            seen,
        };
        while seen.version.next() < event.version {
            let before = Version::new(event.version.get() - 1);
            let range = ReadStream::after(seen.version).up_to(before).limit(PAGE);
            let page = self.store.read_stream(&event.stream, range).await?;
            // Rule 2 of the store: without a gap. One that has lost events, or hides some, may not be trusted here.
            if page.events.first().is_none_or(|first| first.version != seen.version.next()) {
                return Err(unavailable(seen.version));
            }
            for earlier in page.events {
                if earlier.version != seen.version.next() {
                    return Err(unavailable(seen.version));
                }
                self.step(seen, earlier)?;
            }
        }
        if event.version == seen.version.next() { Ok(()) } else { Err(unavailable(seen.version)) }
    }
}

/// What has to be asked of the store below: names are those of today, so there is no telling which are stored instead.
macro_rules! asked_below {
    ($range:expr) => {{
        let mut range = $range.clone();
        if range.filter.selected_names().is_some() {
            range.filter = range.filter.with_any_name();
            range.limit = if range.limit == 0 { 0 } else { range.limit.max(SCAN) };
        }
        range
    }};
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
            if !page.events.is_empty() || is_end || !range.filter.is_all() || rest.clone().resume(through) == rest {
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
            if !page.events.is_empty() || is_end || !range.filter.is_all() || rest.clone().resume(through) == rest {
                return Ok(page);
            }
            rest = rest.resume(through);
        }
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

#[async_trait]
impl<S: Subscribe, U: StreamUpcaster> Subscribe for UpcastingStore<S, U> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
    }
}

#[async_trait]
impl<S: MultiStreamAppend, U: StreamUpcaster> MultiStreamAppend for UpcastingStore<S, U> {
    async fn append_multi(&self, batch: MultiAppend) -> Result<MultiAppended, MultiAppendError> {
        self.store.append_multi(batch).await
    }
}

#[async_trait]
impl<S: CheckpointStore, U: StreamUpcaster> CheckpointStore for UpcastingStore<S, U> {
    async fn load_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.load_checkpoint(name).await
    }

    async fn save_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.store.save_checkpoint(name, expected, position).await
    }

    async fn reset_checkpoint(
        &self,
        name: &CheckpointName,
        expected: Option<Position>,
        position: Position,
    ) -> Result<(), CheckpointError> {
        self.store.reset_checkpoint(name, expected, position).await
    }

    async fn delete_checkpoint(&self, name: &CheckpointName) -> Result<Option<Position>, CheckpointError> {
        self.store.delete_checkpoint(name).await
    }

    async fn list_checkpoints(&self) -> Result<Vec<(CheckpointName, Position)>, CheckpointError> {
        self.store.list_checkpoints().await
    }
}

impl<S: Clone, U: StreamUpcaster> Clone for UpcastingStore<S, U> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), upcaster: Arc::clone(&self.upcaster), contexts: Arc::clone(&self.contexts) }
    }
}

impl<S: fmt::Debug, U: StreamUpcaster> fmt::Debug for UpcastingStore<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpcastingStore").field("store", &self.store).finish_non_exhaustive()
    }
}
