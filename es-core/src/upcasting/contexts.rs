//! What is remembered of streams between reads, within a bound. It never decides what an event is read as: a context
//! that is forgotten is built again from the stream.

use std::collections::BTreeMap;

use crate::stream::StreamId;
use crate::version::Version;

/// What an upcaster remembers of a stream once it has seen the events up to a version.
#[derive(Debug, Clone, Default)]
pub(super) struct Remembered<C> {
    pub(super) version: Version,
    pub(super) context: C,
}

/// Contexts by stream and version; of the same stream there may be several, because readers stand at different places.
///
/// When there are too many, those go first that a newer one of their stream supersedes, and of these the one that was
/// not used for longest.
/// So a reader that goes through the whole log takes the room of one context for each stream, not one for each page.
pub(super) struct Contexts<C> {
    limit: usize,
    uses: u64,
    kept: BTreeMap<Place, Kept<C>>,
    to_forget: BTreeMap<Rank, Place>,
}

type Place = (StreamId, Version);

struct Kept<C> {
    context: C,
    rank: Rank,
}

/// What goes first: the superseded, and what was used longest ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_newest: bool,
    last_use: u64,
}

impl<C: Clone + Default> Contexts<C> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, uses: 0, kept: BTreeMap::new(), to_forget: BTreeMap::new() }
    }

    /// The last that is kept of `stream` at or below `version`; as before its first event, if there is none.
    pub(super) fn at_or_below(&mut self, stream: &StreamId, version: Version) -> Remembered<C> {
        let range = (stream.clone(), Version::EMPTY)..=(stream.clone(), version);
        let Some((place, kept)) = self.kept.range(range).next_back() else { return Remembered::default() };
        let found = Remembered { version: place.1, context: kept.context.clone() };
        let (place, is_newest) = (place.clone(), kept.rank.is_newest);
        self.rank(&place, is_newest);
        found
    }

    /// Keeps what is remembered of `stream`.
    pub(super) fn keep(&mut self, stream: StreamId, remembered: Remembered<C>) {
        let Remembered { version, context } = remembered;
        let of_stream = (stream.clone(), Version::EMPTY)..=(stream.clone(), Version::MAX);
        let newest = self.kept.range(of_stream).next_back().map(|(place, _)| place.clone());
        if let Some(superseded) = newest.as_ref().filter(|newest| newest.1 < version) {
            self.rank(superseded, false);
        }
        let place = (stream, version);
        let is_newest = newest.is_none_or(|newest| newest <= place);
        let rank = Rank { is_newest, last_use: 0 };
        self.kept.entry(place.clone()).or_insert(Kept { context, rank });
        self.rank(&place, is_newest);
        while self.kept.len() > self.limit {
            let Some((_, forgotten)) = self.to_forget.pop_first() else { break };
            self.kept.remove(&forgotten);
        }
    }

    /// Notes a use.
    fn rank(&mut self, place: &Place, is_newest: bool) {
        if let Some(kept) = self.kept.get_mut(place) {
            self.uses += 1;
            self.to_forget.remove(&kept.rank);
            kept.rank = Rank { is_newest, last_use: self.uses };
            self.to_forget.insert(kept.rank, place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(id: &str) -> StreamId {
        StreamId::new("parcel", id).unwrap()
    }

    fn kept(limit: usize, places: &[(&str, u64)]) -> Contexts<u64> {
        let mut contexts = Contexts::new(limit);
        for &(id, version) in places {
            contexts.keep(stream(id), Remembered { version: Version::new(version), context: version * 10 });
        }
        assert_eq!(contexts.kept.len(), contexts.to_forget.len());
        contexts
    }

    fn found(contexts: &mut Contexts<u64>, id: &str, version: u64) -> (u64, u64) {
        let Remembered { version, context } = contexts.at_or_below(&stream(id), Version::new(version));
        (version.get(), context)
    }

    #[test]
    fn the_last_at_or_below_is_found_and_none_of_another_stream() {
        let mut contexts = kept(9, &[("a", 4), ("a", 8), ("ab", 2), ("b", 1)]);
        let read = [3, 4, 7, 8, 99].map(|version| found(&mut contexts, "a", version));
        assert_eq!(read, [(0, 0), (4, 40), (4, 40), (8, 80), (8, 80)]);
        assert_eq!(found(&mut contexts, "aa", 99), (0, 0));
    }

    #[test]
    fn what_is_superseded_goes_before_what_was_not_used_for_longer() {
        let mut contexts = kept(3, &[("a", 1), ("b", 1), ("b", 2), ("b", 3), ("c", 1)]);
        assert_eq!(found(&mut contexts, "a", 9), (1, 10));
        assert_eq!(found(&mut contexts, "b", 2), (0, 0));
        assert_eq!(found(&mut contexts, "b", 9), (3, 30));
        assert_eq!(found(&mut contexts, "c", 9), (1, 10));
    }

    #[test]
    fn of_equals_the_one_that_was_not_used_for_longest_goes() {
        let mut contexts = kept(2, &[("a", 1), ("b", 1)]);
        found(&mut contexts, "a", 1);
        contexts.keep(stream("c"), Remembered { version: Version::new(1), context: 10 });
        assert_eq!([found(&mut contexts, "a", 1).0, found(&mut contexts, "b", 1).0], [1, 0]);
    }

    #[test]
    fn a_reader_that_is_behind_supersedes_nothing() {
        let mut contexts = kept(2, &[("a", 9), ("a", 3), ("b", 1)]);
        assert_eq!(found(&mut contexts, "a", 9), (9, 90));
        assert_eq!(found(&mut contexts, "a", 8), (0, 0));
    }

    #[test]
    fn what_is_kept_again_takes_no_second_place_and_a_bound_of_0_keeps_nothing() {
        assert_eq!(kept(9, &[("a", 1), ("a", 1), ("a", 1)]).kept.len(), 1);
        assert_eq!(kept(0, &[("a", 1)]).kept.len(), 0);
    }
}
