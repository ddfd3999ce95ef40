//! What is remembered of streams between reads, within a bound. It never decides what an event is read as: a context
//! that is forgotten is built again from the stream.

use std::collections::{BTreeMap, HashMap};

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
    kept: HashMap<StreamId, BTreeMap<Version, Kept<C>>>,
    order: Order,
}

struct Kept<C> {
    context: C,
    rank: Rank,
}

impl<C: Clone + Default> Contexts<C> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: HashMap::new(), order: Order::default() }
    }

    /// The last that is kept of `stream` at or below `version`; as before its first event, if there is none.
    pub(super) fn at_or_below(&mut self, stream: &StreamId, version: Version) -> Remembered<C> {
        let of_stream = self.kept.get_mut(stream);
        let Some((&version, kept)) = of_stream.and_then(|of_stream| of_stream.range_mut(..=version).next_back()) else {
            return Remembered::default();
        };
        if !kept.rank.is_newest {
            // The newest needs no mark: it is superseded as soon as what is read with it is kept.
            self.order.used(&mut kept.rank, false, stream, version);
        }
        Remembered { version, context: kept.context.clone() }
    }

    /// Keeps what is remembered of `stream`.
    pub(super) fn keep(&mut self, stream: &StreamId, remembered: Remembered<C>) {
        let Remembered { version, context } = remembered;
        let of_stream = self.kept.entry(stream.clone()).or_default();
        let is_newest = match of_stream.iter_mut().next_back() {
            Some((&newest, superseded)) if newest < version => {
                self.order.used(&mut superseded.rank, false, stream, newest);
                true
            }
            Some((&newest, _)) => newest == version,
            None => true,
        };
        let kept = of_stream.entry(version).or_insert(Kept { context, rank: Rank::default() });
        self.order.used(&mut kept.rank, is_newest, stream, version);
        while self.order.first_to_go.len() > self.limit {
            let Some((_, (stream, version))) = self.order.first_to_go.pop_first() else { break };
            if let Some(of_stream) = self.kept.get_mut(&stream) {
                of_stream.remove(&version);
                if of_stream.is_empty() {
                    self.kept.remove(&stream);
                }
            }
        }
    }
}

/// What goes first: the superseded, and what was used longest ago.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_newest: bool,
    /// Counted from 1, so that no two are equal.
    last_use: u64,
}

#[derive(Debug, Default)]
struct Order {
    uses: u64,
    first_to_go: BTreeMap<Rank, (StreamId, Version)>,
}

impl Order {
    fn used(&mut self, rank: &mut Rank, is_newest: bool, stream: &StreamId, version: Version) {
        let place = self.first_to_go.remove(rank).unwrap_or_else(|| (stream.clone(), version));
        self.uses += 1;
        *rank = Rank { is_newest, last_use: self.uses };
        self.first_to_go.insert(*rank, place);
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
            contexts.keep(&stream(id), Remembered { version: Version::new(version), context: version * 10 });
        }
        assert_eq!(contexts.kept.values().map(BTreeMap::len).sum::<usize>(), contexts.order.first_to_go.len());
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
        let mut contexts = kept(4, &[("a", 1), ("a", 2), ("b", 1), ("b", 2)]);
        assert_eq!(found(&mut contexts, "a", 1), (1, 10));
        contexts.keep(&stream("c"), Remembered { version: Version::new(1), context: 10 });
        assert_eq!([found(&mut contexts, "a", 1).0, found(&mut contexts, "b", 1).0], [1, 0]);
        let mut contexts = kept(2, &[("a", 1), ("b", 1), ("a", 1), ("c", 1)]);
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
        assert_eq!(kept(9, &[("a", 1), ("a", 1), ("a", 1)]).order.first_to_go.len(), 1);
        assert!(kept(0, &[("a", 1)]).kept.is_empty());
    }
}
