//! Loading: the fold over a stream, as of now, of a version or of a time.

use std::borrow::Borrow;
use std::fmt::Display;

use super::Repository;
use super::decide::ReadBack;
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::event_set::EventSet;
use crate::id::EventId;
use crate::store::{EventStore, ReadError, Snapshot};
use crate::stream::{InvalidStreamId, StreamId};
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// An aggregate as its events have made it.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    state: A,
    stream: StreamId,
    version: Version,
    last: Option<Last>,
    /// The version of the last snapshot that is known of.
    snapshot: Version,
}

/// The last event that made a state; events that are read as nothing may have come after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    pub(super) id: EventId,
    pub(super) version: Version,
    pub(super) position: Position,
    pub(super) recorded_at: Timestamp,
    /// The latest time of all events that made it.
    pub(super) latest_at: Timestamp,
}

impl<A> Loaded<A> {
    /// The state.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// The state, for keeps.
    pub fn into_state(self) -> A {
        self.state
    }

    /// The stream it was read from.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// The version of the stream that it has seen; 0 if it does not exist.
    ///
    /// As of a position or a time, that is the version of the last event that made it.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The position of the last event that made it; `START` if it does not exist.
    pub fn position(&self) -> Position {
        self.last.map_or(Position::START, |last| last.position)
    }

    /// The time of the last event that made it.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.last.map(|last| last.recorded_at)
    }

    /// What does not exist, or was not read yet: the initial state, at version 0.
    ///
    /// [`refresh`](Repository::refresh) reads it, and [`execute_on`](Repository::execute_on) takes it, where a stream
    /// is at hand and no id.
    pub fn missing(stream: StreamId) -> Self
    where
        A: Default,
    {
        Self { state: A::default(), stream, version: Version::EMPTY, last: None, snapshot: Version::EMPTY }
    }

    /// What a snapshot says; the log has not been asked.
    pub(super) fn restored(state: A, snapshot: &Snapshot) -> Self {
        let &Snapshot { version, position, event_id: id, recorded_at, latest_at, .. } = snapshot;
        let last = Some(Last { id, version, position, recorded_at, latest_at });
        Self { state, stream: snapshot.stream.clone(), version, last, snapshot: version }
    }

    pub(super) fn last(&self) -> Option<Last> {
        self.last
    }

    pub(super) fn snapshot(&self) -> Version {
        self.snapshot
    }

    pub(super) fn set_snapshot(&mut self, version: Version) {
        self.snapshot = version;
    }

    /// Nothing more has happened up to this version.
    pub(super) fn see_through(&mut self, version: Version) {
        self.version = self.version.max(version);
    }

    /// Applies what one stored event is read as, all of it or nothing, because the version moves on once for all.
    #[inline]
    pub(super) fn replay<C: Codec>(&mut self, codec: &C, parts: &[RecordedEvent]) -> Result<(), DecodeError>
    where
        A: Aggregate,
    {
        let Some(last) = parts.last() else { return Ok(()) };
        if let [event] = parts {
            self.state.replay(codec, event)?;
        } else {
            self.replay_together(codec, parts)?;
        }
        let &RecordedEvent { id, version, position, recorded_at, .. } = last;
        self.stand_on(id, version, position, recorded_at);
        Ok(())
    }

    #[cold]
    fn replay_together<C: Codec>(&mut self, codec: &C, parts: &[RecordedEvent]) -> Result<(), DecodeError>
    where
        A: Aggregate,
    {
        let decoded: Result<Vec<_>, _> = parts.iter().map(|part| A::Event::decode(codec, part)).collect();
        decoded?.into_iter().flatten().for_each(|event| self.state.apply_event(event));
        Ok(())
    }

    /// Applies an event that has just been appended.
    pub(super) fn take_in(&mut self, event: ReadBack<A::Event>, position: Position)
    where
        A: Aggregate,
    {
        let ReadBack { id, recorded_at, read_as } = event;
        read_as.into_iter().for_each(|event| self.state.apply_event(event));
        self.stand_on(id, self.version.next(), position, recorded_at);
    }

    fn stand_on(&mut self, id: EventId, version: Version, position: Position, recorded_at: Timestamp) {
        let latest_at = self.last.map_or(recorded_at, |before| before.latest_at.max(recorded_at));
        self.version = version;
        self.last = Some(Last { id, version, position, recorded_at, latest_at });
    }

    /// Whether there is any event of it.
    pub fn exists(&self) -> bool {
        self.version > Version::EMPTY
    }
}

/// A moment in the life of a stream: a version, a position of the log, or a time.
///
/// Converts from `u64` for a version, [`Version`], [`Position`] and [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After the event with this version; after the last one, if there are fewer.
    Version(Version),
    /// After everything in the log up to here; the same moment for every stream.
    Position(Position),
    /// Before the first event that was recorded later than this.
    Time(Timestamp),
}

impl AsOf {
    /// Now.
    pub(super) const LATEST: Self = Self::Version(Version::MAX);

    /// No event after this version is before the moment.
    pub(super) fn last_version(self) -> Version {
        match self {
            Self::Version(version) => version,
            Self::Position(_) | Self::Time(_) => Version::MAX,
        }
    }

    /// Whether a state is a part of the way to this moment, with the version and the position of its last event and
    /// the latest time of all its events.
    pub(super) fn is_after(self, version: Version, position: Position, latest_at: Option<Timestamp>) -> bool {
        match self {
            Self::Version(moment) => version <= moment,
            Self::Position(moment) => position <= moment,
            Self::Time(moment) => latest_at.is_none_or(|latest_at| latest_at <= moment),
        }
    }
}

impl From<u64> for AsOf {
    fn from(version: u64) -> Self {
        Self::Version(Version::new(version))
    }
}

impl From<Version> for AsOf {
    fn from(version: Version) -> Self {
        Self::Version(version)
    }
}

impl From<Position> for AsOf {
    fn from(position: Position) -> Self {
        Self::Position(position)
    }
}

impl From<Timestamp> for AsOf {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

/// Why an aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The id does not name a stream.
    #[error("the id does not name a stream")]
    Id(#[from] InvalidStreamId),
    /// The store could not be read.
    #[error("stream `{stream}` could not be read")]
    Read {
        /// The stream.
        stream: StreamId,
        /// The error of the store.
        #[source]
        cause: ReadError,
    },
    /// A stored event could not be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl<A: Aggregate, S: EventStore, C: Codec> Repository<A, S, C> {
    /// The aggregate as of now; in its initial state at version 0 if it does not exist.
    ///
    /// `id` is the aggregate's id or what it borrows as, a `&str` for a `String`.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load<K>(&self, id: &K) -> Result<Loaded<A>, LoadError>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
    {
        self.load_at(id, Version::MAX).await
    }

    /// The aggregate as it was at a version, a position or a time.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load_at<K>(&self, id: &K, moment: impl Into<AsOf> + Send) -> Result<Loaded<A>, LoadError>
    where
        A::Id: Borrow<K>,
        K: Display + Sync + ?Sized,
    {
        let (stream, moment) = (StreamId::new(A::NAME, id)?, moment.into());
        let on_the_way = |cached: &Loaded<A>| {
            moment.is_after(cached.version, cached.position(), cached.last.map(|last| last.latest_at))
        };
        let cached = self.cached(&stream).filter(on_the_way);
        let mut loaded = cached.unwrap_or_else(|| Loaded::missing(stream));
        self.fold(&mut loaded, moment).await?;
        if moment == AsOf::LATEST
            && let Some(cache) = &self.cache
        {
            cache.keep(&loaded);
        }
        Ok(loaded)
    }

    /// Reads what has happened to an aggregate since it was loaded.
    ///
    /// If the log has fewer events than it has seen, because an older one was restored, it is loaded anew.
    ///
    /// # Errors
    /// See [`LoadError`]; the aggregate then stands at a version before the event that failed.
    pub async fn refresh(&self, loaded: &mut Loaded<A>) -> Result<(), LoadError> {
        self.fold(loaded, AsOf::LATEST).await
    }

    /// What is remembered of a stream; the log has not been asked.
    pub(super) fn cached(&self, stream: &StreamId) -> Option<Loaded<A>> {
        self.cache.as_ref()?.get(stream.as_str()).map(|known| known.copied())
    }
}
