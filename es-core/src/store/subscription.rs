//! Subscriptions: what has happened, then what happens, from every store that can [tell when it has grown](Subscribe).

use std::collections::VecDeque;

use super::{LogPage, ReadError, ReadLog, ReadStream, StreamPage, Subscribe};
use crate::envelope::RecordedEvent;
use crate::stream::StreamId;
use crate::version::{Position, Version};

/// How many events are read ahead of the consumer, unless something else is said.
const PAGE: usize = 256;

/// What a subscription gives: an event, or how far it has come without one.
///
/// The places are positions of the log, or versions of the stream that is subscribed to.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery<Place> {
    /// The next event.
    Event(RecordedEvent),
    /// Up to here there was nothing to give, and there is more to read.
    Advanced(Place),
    /// Everything up to here has been given, which was all there was; what comes next is news.
    CaughtUp(Place),
}

macro_rules! subscription {
    ($subscription:ident, $range:ident, $page:ident, $place:ident, $checkpoint:ident, $of:ident) => {
        impl<S> $subscription<S> {
            /// Reads at most so many events ahead of the consumer; 256 unless something else is said.
            #[must_use]
            pub fn ahead(self, events: usize) -> Self {
                Self { ahead: events.max(1), ..self }
            }

            /// Everything up to here has been given, so that a subscription that starts after it gives the rest.
            ///
            /// Where a stored event is [read as several](crate::StreamUpcaster), it moves on with the last of them.
            pub fn $checkpoint(&self) -> $place {
                match self.given.as_ref() {
                    Some(given) if self.read.front().is_some_and(|next| next.$of == *given) => self.before,
                    Some(given) if !self.read.is_empty() => *given,
                    None if !self.read.is_empty() => self.before,
                    _ => self.range.after,
                }
            }

            /// Takes the next event that has been read.
            fn pop(&mut self) -> Option<RecordedEvent> {
                let event = self.read.pop_front()?;
                if let Some(given) = self.given.replace(event.$of).filter(|given| *given != event.$of) {
                    self.before = given;
                }
                Some(event)
            }

            /// Takes in a page, and says what to give if it has no events.
            fn take(&mut self, page: $page) -> Option<Delivery<$place>> {
                let advanced = page.through > self.range.after;
                self.before = self.range.after;
                self.given = None;
                self.read = page.events.into();
                self.range.after = page.through.max(self.range.after);
                self.is_behind = !page.is_end;
                self.is_news |= advanced;
                if !self.read.is_empty() {
                    None
                } else if self.is_behind {
                    advanced.then_some(Delivery::Advanced(self.range.after))
                } else {
                    self.caught_up()
                }
            }

            /// The mark, once for everything that has been read since the last one.
            fn caught_up(&mut self) -> Option<Delivery<$place>> {
                std::mem::take(&mut self.is_news).then_some(Delivery::CaughtUp(self.range.after))
            }
        }
    };
}

/// The log from a place on, without an end.
///
/// The consumer pulls: nothing is read before it asks, and no more than a page of events is kept for it, so a slow one
/// takes no memory and holds nobody up.
/// Past and present come from the same read, after the same place, so nothing is lost or given twice between them.
///
/// [`CaughtUp`](Delivery::CaughtUp) is given once at the start, when the past has been given, and again whenever
/// something new has been read to its end; [`Advanced`](Delivery::Advanced) where a long part of the log has nothing to
/// give. After each delivery, [`checkpoint`](Subscription::checkpoint) is the position to keep.
///
/// ```
/// # use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, StreamId, Timestamp};
/// use es_core::Position;
/// use es_core::store::{Delivery, EventFilter, EventStore, Subscription};
/// use es_memory_store::MemoryStore;
///
/// # fn event(number: u128) -> NewEvent {
/// #     let (id, name) = (EventId::new(uuid::Uuid::from_u128(number)), EventName::from_static("account-opened"));
/// #     let (recorded_at, metadata) = (Timestamp::UNIX_EPOCH, Metadata::new());
/// #     NewEvent { id, name, schema_version: 1, recorded_at, metadata, payload: "{}".into() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// # store.append(&StreamId::new("account", "ada")?, ExpectedVersion::Any, vec![event(1)]).await?;
/// let accounts = EventFilter::all().category("account");
/// let mut subscription = Subscription::new(store.clone(), Position::START).filter(accounts);
///
/// assert!(matches!(subscription.next().await?, Delivery::Event(event) if event.name == "account-opened"));
/// assert_eq!(subscription.next().await?, Delivery::CaughtUp(Position::new(1)));
/// assert_eq!(subscription.checkpoint(), Position::new(1));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Subscription<S> {
    store: S,
    ahead: usize,
    /// What has not been read yet.
    range: ReadLog,
    /// What has been read and not been given.
    read: VecDeque<RecordedEvent>,
    /// The place of the last event given of those that were read together.
    given: Option<Position>,
    /// The checkpoint before that event.
    before: Position,
    /// Whether the last page was not the end.
    is_behind: bool,
    /// Whether there is something since the last mark, or no mark yet.
    is_news: bool,
    /// The head that was seen last.
    head: Position,
}

subscription!(Subscription, ReadLog, LogPage, Position, checkpoint, position);

impl<S> Subscription<S> {
    /// What follows `checkpoint`.
    pub fn new(store: S, checkpoint: Position) -> Self {
        let (read, range) = (VecDeque::new(), ReadLog::after(checkpoint));
        let (given, is_behind, is_news, head) = (None, true, true, Position::START);
        Self { store, ahead: PAGE, range, read, given, before: checkpoint, is_behind, is_news, head }
    }

    /// Only the events that `filter` selects.
    #[must_use]
    pub fn filter(self, filter: super::EventFilter) -> Self {
        Self { range: self.range.filter(filter), ..self }
    }
}

impl<S: Subscribe> Subscription<S> {
    /// The next event or mark; waits if there is none. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The store could not be read or watched, or the next event cannot be [upcast](crate::UpcastingStore); those before
    /// it have been given. Asking again tries again.
    pub async fn next(&mut self) -> Result<Delivery<Position>, ReadError> {
        let mut ahead = self.ahead;
        loop {
            if let Some(event) = self.pop() {
                return Ok(Delivery::Event(event));
            }
            if !self.is_behind {
                if let Some(mark) = self.caught_up() {
                    return Ok(mark);
                }
                self.store.appended_after(self.head.max(self.range.after)).await?;
            }
            let page = match self.store.read_log(self.range.clone().limit(ahead)).await {
                // One event fails the page that it is in; those before it are then given one by one.
                Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. }) if ahead > 1 => {
                    ahead = 1;
                    continue;
                }
                page => page?,
            };
            self.head = page.head;
            if let Some(mark) = self.take(page) {
                return Ok(mark);
            }
        }
    }
}

/// One stream from a place on, without an end; the stream need not exist yet.
///
/// Gives what a [`Subscription`] gives, with versions as places.
///
/// ```
/// # use es_core::{EventId, EventName, ExpectedVersion, Metadata, NewEvent, Timestamp};
/// use es_core::store::{Delivery, EventStore, StreamSubscription};
/// use es_core::{StreamId, Version};
/// use es_memory_store::MemoryStore;
///
/// # fn event(number: u128) -> NewEvent {
/// #     let (id, name) = (EventId::new(uuid::Uuid::from_u128(number)), EventName::from_static("account-opened"));
/// #     let (recorded_at, metadata) = (Timestamp::UNIX_EPOCH, Metadata::new());
/// #     NewEvent { id, name, schema_version: 1, recorded_at, metadata, payload: "{}".into() }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, ada) = (MemoryStore::new(), StreamId::new("account", "ada")?);
/// let mut subscription = StreamSubscription::new(store.clone(), &ada, Version::EMPTY);
/// assert_eq!(subscription.next().await?, Delivery::CaughtUp(Version::EMPTY));
///
/// store.append(&ada, ExpectedVersion::NoStream, vec![event(1)]).await?;
/// assert!(matches!(subscription.next().await?, Delivery::Event(event) if event.version == Version::new(1)));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct StreamSubscription<S> {
    store: S,
    stream: StreamId,
    ahead: usize,
    range: ReadStream,
    read: VecDeque<RecordedEvent>,
    given: Option<Version>,
    before: Version,
    is_behind: bool,
    is_news: bool,
    /// The head of the log before the stream was read last.
    head: Position,
}

subscription!(StreamSubscription, ReadStream, StreamPage, Version, checkpoint, version);

impl<S> StreamSubscription<S> {
    /// What follows `version` in `stream`.
    pub fn new(store: S, stream: &StreamId, version: Version) -> Self {
        let (stream, read, range) = (stream.clone(), VecDeque::new(), ReadStream::after(version));
        let (given, is_behind, is_news, head) = (None, true, true, Position::START);
        Self { store, stream, ahead: PAGE, range, read, given, before: version, is_behind, is_news, head }
    }

    /// Only the events that `filter` selects.
    #[must_use]
    pub fn filter(self, filter: super::EventFilter) -> Self {
        Self { range: self.range.filter(filter), ..self }
    }
}

impl<S: Subscribe> StreamSubscription<S> {
    /// The next event or mark; waits if there is none. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub async fn next(&mut self) -> Result<Delivery<Version>, ReadError> {
        let mut ahead = self.ahead;
        loop {
            if let Some(event) = self.pop() {
                return Ok(Delivery::Event(event));
            }
            if !self.is_behind {
                if let Some(mark) = self.caught_up() {
                    return Ok(mark);
                }
                self.store.appended_after(self.head).await?;
            }
            // Looked at first, so that what is appended to the stream after it was read ends the next wait.
            let head = self.store.read_log(ReadLog::all().limit(0)).await?.head;
            let page = match self.store.read_stream(&self.stream, self.range.clone().limit(ahead)).await {
                Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. }) if ahead > 1 => {
                    ahead = 1;
                    continue;
                }
                page => page?,
            };
            self.head = head;
            if let Some(mark) = self.take(page) {
                return Ok(mark);
            }
        }
    }
}
