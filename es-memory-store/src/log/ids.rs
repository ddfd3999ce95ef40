//! Which position has an event id.
//!
//! Ids that begin with the time mostly come in order. Those need no index: the log itself is sorted by them, in runs.
//! The others are in a table.

use std::hash::BuildHasher;

use es_core::{EventId, Position};
use hashbrown::{DefaultHashBuilder, HashTable};

use super::entries::Entries;

/// How many tables share the ids. Each grows on its own, so that no append waits while one large table grows.
const SHARDS: usize = 256;

/// Positions by event id: next to nothing for an event whose id is above all before it; 10 to 21 bytes for another, 14 on
/// average.
#[derive(Default)]
pub(super) struct Ids {
    /// The highest id so far, which was that of the last event in the last run.
    highest: Option<EventId>,
    runs: Vec<Run>,
    others: Others,
}

/// Events next to each other whose ids were each above all before.
struct Run {
    first_id: EventId,
    first: u64,
    /// The position after the last.
    end: u64,
}

impl Ids {
    /// Where the event with that id is.
    pub(super) fn find(&self, id: EventId, entries: &Entries) -> Option<Position> {
        if self.highest.is_none_or(|highest| id > highest) {
            return None;
        }
        self.in_a_run(id, entries).or_else(|| self.others.find(id, entries))
    }

    fn in_a_run(&self, id: EventId, entries: &Entries) -> Option<Position> {
        let run = self.runs.partition_point(|run| run.first_id <= id).checked_sub(1)?;
        let Run { mut first, mut end, .. } = self.runs[run];
        // The id at `first` is not above `id`, that at `end` is.
        while end - first > 1 {
            let middle = first.midpoint(end);
            if entries.at(Position::new(middle)).is_some_and(|event| event.id <= id) {
                first = middle;
            } else {
                end = middle;
            }
        }
        let position = Position::new(first);
        entries.at(position).filter(|event| event.id == id)?;
        Some(position)
    }

    /// Takes in an id that is new, and the position of its event, which is the last of the log.
    pub(super) fn insert(&mut self, id: EventId, position: Position) {
        if self.highest.is_some_and(|highest| id < highest) {
            return self.others.insert(id, position);
        }
        self.highest = Some(id);
        let position = position.get();
        match self.runs.last_mut() {
            Some(run) if run.end == position => run.end += 1,
            _ => self.runs.push(Run { first_id: id, first: position, end: position + 1 }),
        }
    }

    /// The bytes that the runs and the tables take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run>() + self.others.bytes()
    }
}

/// Positions by the hash of the id.
struct Others {
    shards: Vec<HashTable<Place>>,
    hashes: DefaultHashBuilder,
}

/// A position below 24 bits of the hash of the id that is there: what is asked of a table, and of its growth, is answered
/// without a look at the events, unless they are the same.
#[derive(Clone, Copy)]
struct Place(u64);

const POSITION_BITS: u32 = 40;

impl Place {
    fn new(hash: u64, position: Position) -> Self {
        Self(hash >> POSITION_BITS << POSITION_BITS | position.get())
    }

    fn position(self) -> Position {
        Position::new(self.0 & (u64::MAX >> (64 - POSITION_BITS)))
    }

    /// Its bits, where a table looks at them: the lowest, and the seven highest.
    fn hash(self) -> u64 {
        (self.0 >> POSITION_BITS).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Default for Others {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashTable::new()).collect(), hashes: DefaultHashBuilder::default() }
    }
}

impl Others {
    fn find(&self, id: EventId, entries: &Entries) -> Option<Position> {
        let hash = self.hashes.hash_one(id);
        let sought = Place::new(hash, Position::START).hash();
        let is_there =
            |place: &Place| place.hash() == sought && entries.at(place.position()).is_some_and(|event| event.id == id);
        self.shards[shard(hash)].find(sought, is_there).map(|place| place.position())
    }

    fn insert(&mut self, id: EventId, position: Position) {
        let hash = self.hashes.hash_one(id);
        let place = Place::new(hash, position);
        self.shards[shard(hash)].insert_unique(place.hash(), place, |place| place.hash());
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.shards.iter().map(HashTable::allocation_size).sum()
    }
}

/// From bits that no place has.
#[allow(clippy::cast_possible_truncation, reason = "a remainder is taken")]
fn shard(hash: u64) -> usize {
    hash as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::tests::event;
    use super::*;
    use es_core::Version;

    /// A log whose events have these ids, each of which is found, and none beside them.
    fn indexed(ids: &[u64]) -> Ids {
        let (mut index, entries) = (Ids::default(), Entries::default());
        for (at, &id) in ids.iter().enumerate() {
            let new = event(id);
            assert_eq!(index.find(new.id, &entries), None, "{id} is found before it is there");
            let place = at as u64 + 1;
            index.insert(new.id, Position::new(place));
            entries.write(new.record("count-1".parse().unwrap(), Version::new(place), Position::new(place)));
        }
        let known: HashSet<_> = ids.iter().copied().collect();
        for (at, &id) in ids.iter().enumerate() {
            assert_eq!(index.find(event(id).id, &entries), Some(Position::new(at as u64 + 1)), "{id}");
            for near in [id.wrapping_sub(1), id + 1] {
                assert!(known.contains(&near) || index.find(event(near).id, &entries).is_none(), "{near}");
            }
        }
        index
    }

    /// Numbers without order, each once.
    fn shuffled(numbers: u64) -> Vec<u64> {
        (0..numbers).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1).collect()
    }

    #[test]
    fn ids_are_found_in_whatever_order_they_came() {
        let ascending: Vec<u64> = (0..2_000).map(|n| 10 * n).collect();
        let two_sources: Vec<u64> = (0..1_000).flat_map(|n| [10 * n + 5_000, 10 * n + 3]).collect();
        let descending: Vec<u64> = ascending.iter().rev().copied().collect();
        assert_eq!(indexed(&ascending).runs.len(), 1);
        assert_eq!(indexed(&two_sources).runs.len(), 1_000);
        assert_eq!(indexed(&descending).runs.len(), 1);
        indexed(&shuffled(5_000));
        indexed(&[]);
    }

    #[test]
    fn the_index_takes_next_to_nothing_for_ascending_ids_and_at_most_30_bytes_for_others() {
        for events in [2_000, 5_000, 20_000] {
            let ascending: Vec<u64> = (0..events).collect();
            assert!(indexed(&ascending).bytes() < 1_000);
            let bytes = indexed(&shuffled(events)).bytes() as u64;
            assert!(bytes <= 30 * events, "{} bytes each of {events}", bytes / events);
        }
    }
}
