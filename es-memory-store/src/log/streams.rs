//! Where the events of each stream are. A stream shares its lock with few others, so whoever reads or writes it waits
//! for next to nobody.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use es_core::{Position, StreamId, Version};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::entries::{Apart, index};

/// How many locks the streams share. Each has a table that grows on its own, so that no append waits while one large
/// table grows.
const SHARDS: usize = 64;

/// All streams that have events.
pub(super) struct Streams {
    shards: Vec<Apart<RwLock<Shard>>>,
    hashes: DefaultHashBuilder,
}

/// Where a stream is looked for.
#[derive(Clone, Copy)]
pub(super) struct Place {
    hash: u64,
}

/// Some of the streams.
pub(super) struct Shard {
    streams: HashTable<Stream>,
    hashes: DefaultHashBuilder,
}

/// The id of a stream, which all of its events share, and their positions in the order of their versions.
pub(super) struct Stream {
    id: StreamId,
    positions: Vec<Position>,
}

impl Default for Streams {
    fn default() -> Self {
        let hashes = DefaultHashBuilder::default();
        let shard = || Apart(RwLock::new(Shard { streams: HashTable::new(), hashes: hashes.clone() }));
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hashes }
    }
}

impl Streams {
    /// Where that stream is, if it has events, or would be.
    pub(super) fn place(&self, stream: &StreamId) -> Place {
        Place { hash: self.hashes.hash_one(stream) }
    }

    /// Locks the shard of that place for readers.
    pub(super) fn read(&self, place: Place) -> RwLockReadGuard<'_, Shard> {
        // The lock is poisoned only by a panic during an append, which cannot panic while a shard is half changed.
        self.shards[place.shard()].0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the shard of that place. Only for who has the right to append, and each shard once, or two writers, or one
    /// alone, may wait for ever.
    pub(super) fn write(&self, place: Place) -> RwLockWriteGuard<'_, Shard> {
        // Poisoned: as above.
        self.shards[place.shard()].0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The shards of several streams. Only for who has the right to append.
    pub(super) const fn write_several(&self) -> Shards<'_> {
        Shards { streams: self, locked: Vec::new() }
    }

    /// How many streams there are.
    pub(super) fn count(&self) -> usize {
        let of = |shard: &Apart<RwLock<Shard>>| shard.0.read().unwrap_or_else(PoisonError::into_inner).streams.len();
        self.shards.iter().map(of).sum()
    }
}

impl Place {
    /// From bits of which a table looks at few.
    #[allow(clippy::cast_possible_truncation, reason = "a remainder is taken")]
    fn shard(self) -> usize {
        (self.hash >> 32) as usize % SHARDS
    }
}

impl Shard {
    /// The version of a stream, which is `EMPTY` if it has no events.
    pub(super) fn version(&self, place: Place, stream: &StreamId) -> Version {
        self.find(place, stream).map_or(Version::EMPTY, Stream::version)
    }

    /// A stream, if it has events.
    pub(super) fn find(&self, place: Place, stream: &StreamId) -> Option<&Stream> {
        self.streams.find(place.hash, |known| known.id == *stream)
    }

    /// A stream, whether it has events or not.
    pub(super) fn entry<'s>(&'s mut self, place: Place, stream: &'s StreamId) -> StreamEntry<'s> {
        let Self { streams, hashes } = self;
        let entry = streams.entry(place.hash, |known| known.id == *stream, |known| hashes.hash_one(&known.id));
        StreamEntry { id: stream, entry }
    }
}

/// A stream in its shard, or the room for it.
pub(super) struct StreamEntry<'s> {
    id: &'s StreamId,
    entry: Entry<'s, Stream>,
}

impl<'s> StreamEntry<'s> {
    /// The version of the stream, which is `EMPTY` if it has no events.
    pub(super) fn version(&self) -> Version {
        match &self.entry {
            Entry::Occupied(known) => known.get().version(),
            Entry::Vacant(_) => Version::EMPTY,
        }
    }

    /// The stream, which is about to have that many events more.
    pub(super) fn with_room(self, events: usize) -> &'s mut Stream {
        let first = || Stream { id: self.id.clone(), positions: Vec::with_capacity(events) };
        self.entry.or_insert_with(first).into_mut()
    }
}

impl Stream {
    pub(super) fn id(&self) -> &StreamId {
        &self.id
    }

    pub(super) fn version(&self) -> Version {
        Version::new(self.positions.len() as u64)
    }

    /// Where the events after `version` are, as far as there are any.
    pub(super) fn positions_after(&self, version: Version) -> &[Position] {
        // `positions[v - 1]` is that of the event with version `v`.
        self.positions.get(index(version.get())..).unwrap_or_default()
    }

    /// Takes in the position of its next event.
    pub(super) fn push(&mut self, position: Position) {
        self.positions.push(position);
    }
}

/// Shards that, once locked, stay so until the last of them is written.
pub(super) struct Shards<'s> {
    streams: &'s Streams,
    locked: Vec<(usize, RwLockWriteGuard<'s, Shard>)>,
}

impl Shards<'_> {
    /// The shard of a place.
    pub(super) fn of(&mut self, place: Place) -> &mut Shard {
        let Self { streams, locked } = self;
        let at = locked.iter().position(|(shard, _)| *shard == place.shard()).unwrap_or_else(|| {
            locked.push((place.shard(), streams.write(place)));
            locked.len() - 1
        });
        &mut locked[at].1
    }
}
