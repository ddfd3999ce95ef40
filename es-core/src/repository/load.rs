//! Loading: the fold over a stream, as of now, of a version or of a time.

use std::borrow::Borrow;
use std::fmt::Display;

use super::Repository;
use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::event_set::EventSet;
use crate::store::{EventStore, ReadError, ReadStream};
use crate::stream::{InvalidStreamId, StreamId};
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// How many events are read from the store at a time.
const PAGE: usize = 1024;

/// An aggregate as its events have made it.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    state: A,
    stream: StreamId,
    version: Version,
    position: Position,
    recorded_at: Option<Timestamp>,
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
        self.position
    }

    /// The time of the last event that made it.
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.recorded_at
    }

    /// What does not exist, or was not read yet: the initial state, at version 0.
    ///
    /// [`refresh`](Repository::refresh) reads it, and [`execute_on`](Repository::execute_on) takes it, where a stream
    /// is at hand and no id.
    pub fn missing(stream: StreamId) -> Self
    where
        A: Default,
    {
        let (version, position) = (Version::EMPTY, Position::START);
        Self { state: A::default(), stream, version, position, recorded_at: None }
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
        let mut loaded = Loaded::missing(StreamId::new(A::NAME, id)?);
        self.fold(&mut loaded, moment.into()).await?;
        Ok(loaded)
    }

    /// Reads what has happened to an aggregate since it was loaded.
    ///
    /// # Errors
    /// See [`LoadError`]; the aggregate then stands at a version before the event that failed.
    pub async fn refresh(&self, loaded: &mut Loaded<A>) -> Result<(), LoadError> {
        self.fold(loaded, AsOf::Version(Version::MAX)).await
    }

    async fn fold(&self, loaded: &mut Loaded<A>, moment: AsOf) -> Result<(), LoadError> {
        let mut up_to = match moment {
            AsOf::Version(version) => version,
            AsOf::Position(_) | AsOf::Time(_) => Version::MAX,
        };
        let mut seen = loaded.version;
        while seen < up_to {
            let range = ReadStream::after(seen).up_to(up_to).limit(PAGE);
            let page = match self.store.read_stream(&loaded.stream, range).await {
                Ok(page) => page,
                Err(cause) => return Err(LoadError::Read { stream: loaded.stream.clone(), cause }),
            };
            // The fold ends at the head that the first page saw, however fast others append.
            up_to = up_to.min(page.version);
            for parts in page.events.chunk_by(|event, next| event.version == next.version) {
                let is_beyond = match moment {
                    AsOf::Version(_) => false,
                    AsOf::Position(position) => parts[0].position > position,
                    AsOf::Time(time) => parts[0].recorded_at > time,
                };
                if is_beyond {
                    return Ok(());
                }
                self.replay(loaded, parts)?;
            }
            if page.through <= seen {
                // Only a store that breaks rule 13 comes here, and nobody hangs on it.
                return Ok(());
            }
            seen = page.through;
            if matches!(moment, AsOf::Version(_)) {
                // The last events may be read as nothing, but what is appended next comes after them.
                loaded.version = seen;
            }
        }
        Ok(())
    }

    /// Applies what one stored event is read as, all of it or nothing, because the version moves on once for all.
    fn replay(&self, loaded: &mut Loaded<A>, parts: &[RecordedEvent]) -> Result<(), DecodeError> {
        let Some(last) = parts.last() else { return Ok(()) };
        if let [event] = parts {
            loaded.state.replay(&self.codec, event)?;
        } else {
            let decoded: Result<Vec<_>, _> = parts.iter().map(|part| A::Event::decode(&self.codec, part)).collect();
            decoded?.into_iter().flatten().for_each(|event| loaded.state.apply_event(event));
        }
        loaded.version = last.version;
        loaded.position = last.position;
        loaded.recorded_at = Some(last.recorded_at);
        Ok(())
    }
}
