//! Which position has an event id. An id is kept only in its event; the index has nothing but positions.

use std::hash::{BuildHasher, RandomState};

use es_core::{EventId, Position};
use hashbrown::HashTable;

use super::entries::Entries;

/// How many tables share the ids. Each grows on its own, so that no append waits while one large table grows.
const SHARDS: usize = 256;

/// Positions by the hash of the id: 10 to 21 bytes for each event, 14 on average.
pub(super) struct Ids {
    shards: Vec<HashTable<u64>>,
    hashes: RandomState,
}

impl Default for Ids {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashTable::new()).collect(), hashes: RandomState::new() }
    }
}

impl Ids {
    /// Where the event with that id is.
    pub(super) fn find(&self, id: EventId, entries: &Entries) -> Option<Position> {
        let hash = self.hashes.hash_one(id);
        let found = self.shards[shard(hash)].find(hash, |at| entries.at(Position::new(*at)).id == id)?;
        Some(Position::new(*found))
    }

    /// Takes in the event at a position, whose id is new.
    pub(super) fn insert(&mut self, position: Position, entries: &Entries) {
        let Self { shards, hashes } = self;
        let hash_at = |at: &u64| hashes.hash_one(entries.at(Position::new(*at)).id);
        let hash = hash_at(&position.get());
        shards[shard(hash)].insert_unique(hash, position.get(), hash_at);
    }

    /// The bytes that the tables take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.shards.iter().map(HashTable::allocation_size).sum()
    }
}

/// From bits that a table does not look at while it has less than 4 billion events.
#[allow(clippy::cast_possible_truncation, reason = "a remainder is taken")]
fn shard(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}
