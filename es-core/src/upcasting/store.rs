//! The store that reads through a stream upcaster. It writes nothing of its own and decodes nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::contexts::{Contexts, Remembered};
use super::{StreamUpcaster, upcast_in_place};
use crate::envelope::{NewEvent, RecordedEvent};
use crate::event_set::Events;
use crate::store::{
    AppendError, Appended, EventStore, Limits, LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe,
};
use crate::stream::StreamId;
use crate::version::{ExpectedVersion, Position, Version};

/// How many earlier events are read at a time where a context has to be built.
const PAGE: usize = 1024;

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
    /// What the stored events of a page are read as.
    async fn upcast(&self, stored: Vec<RecordedEvent>) -> Result<Vec<RecordedEvent>, ReadError> {
        let mut read_as = Vec::with_capacity(stored.len());
        let mut open = HashMap::new();
        for event in stored {
            if !self.upcaster.applies_to(&event.stream) {
                read_as.push(event);
                continue;
            }
            let seen = match open.entry(event.stream.clone()) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let before = Version::new(event.version.get().saturating_sub(1));
                    entry.insert(self.contexts().at_or_below(&event.stream, before))
                }
            };
            self.see_up_to(seen, &event).await?;
            read_as.extend(self.step(seen, event)?);
        }
        let mut contexts = self.contexts();
        for (stream, seen) in open {
            contexts.keep(&stream, seen);
        }
        Ok(read_as)
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
        let mut page = self.store.read_stream(stream, range).await?;
        let mut after = range.after;
        let end = range.up_to.min(page.version);
        loop {
            page.events = self.upcast(mem::take(&mut page.events)).await?;
            // Rule 13: whoever reads until a page is empty must not miss what follows events that are read as nothing.
            if !page.events.is_empty() || page.through >= end || page.through <= after {
                return Ok(page);
            }
            after = page.through;
            let more = self.store.read_stream(stream, ReadStream { after, up_to: end, ..range }).await?;
            page = StreamPage { version: page.version, ..more };
        }
    }

    async fn read_log(&self, range: ReadLog) -> Result<LogPage, ReadError> {
        let mut page = self.store.read_log(range).await?;
        let mut after = range.after;
        let end = page.head;
        loop {
            page.events = self.upcast(mem::take(&mut page.events)).await?;
            if !page.events.is_empty() || page.through >= end || page.through <= after {
                return Ok(page);
            }
            after = page.through;
            page = self.store.read_log(ReadLog { after, ..range }).await?;
        }
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    fn reads_as_appended(&self, stream: &StreamId) -> bool {
        !self.upcaster.applies_to(stream) && self.store.reads_as_appended(stream)
    }
}

#[async_trait]
impl<S: Subscribe, U: StreamUpcaster> Subscribe for UpcastingStore<S, U> {
    async fn appended_after(&self, position: Position) -> Result<(), ReadError> {
        self.store.appended_after(position).await
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
