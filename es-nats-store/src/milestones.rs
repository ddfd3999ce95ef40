//! Where some messages of a stream are, so that one in the middle is found without reading all before it.
//!
//! JetStream finds the last message of a subject and the next after a sequence, but not the hundredth. Each message
//! therefore says where the last message is that passed a multiple of 64 versions, of 256, of 1024, and so on. Going
//! from one to the next, each version is near after a number of steps that grows with the logarithm of the stream.
//! A stream with fewer than 64 events has none, and pays nothing.
//!
//! The idea is that of a skip list (Pugh 1990), laid out so that an entry once written never changes.

use serde::{Deserialize, Serialize};

/// The distance of those that are nearest to each other.
pub(crate) const NEAREST: u64 = 64;
/// How much further apart those of the next level are.
const FACTOR: u64 = 4;

/// For each level, the version with which the message begins, and its sequence; the nearest level first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Milestones(Vec<(u64, u64)>);

impl Milestones {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// They after a message with the versions `first` to `last`.
    pub(crate) fn passed(&self, first: u64, last: u64, sequence: u64) -> Self {
        let mut levels = self.0.clone();
        let mut distance = NEAREST;
        // What passes no multiple of a distance passes none of a greater one.
        for level in 0.. {
            if last / distance == (first - 1) / distance {
                break;
            }
            match levels.get_mut(level) {
                Some(entry) => *entry = (first, sequence),
                None => levels.push((first, sequence)),
            }
            let Some(next) = distance.checked_mul(FACTOR) else { break };
            distance = next;
        }
        Self(levels)
    }

    /// The nearest message that begins at or before a version: how it begins, and its sequence.
    pub(crate) fn at_or_before(&self, version: u64) -> Option<(u64, u64)> {
        self.0.iter().filter(|(first, _)| *first <= version).max().copied()
    }

    /// The sequence of the farthest message back that begins after a version.
    pub(crate) fn towards(&self, version: u64) -> Option<u64> {
        self.0.iter().filter(|(first, _)| *first > version).min().map(|(_, sequence)| *sequence)
    }

    /// The sequence of the entry of a level, or of the farthest there is.
    pub(crate) fn level(&self, level: usize) -> Option<u64> {
        self.0.get(level).or(self.0.last()).map(|(_, sequence)| *sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream of messages with so many events each; message `n` has the sequence `n`, from 1.
    fn stream(sizes: impl Iterator<Item = u64>) -> Vec<(u64, u64, Milestones)> {
        let (mut all, mut milestones, mut version) = (Vec::new(), Milestones::default(), 0);
        for (sequence, size) in (1..).zip(sizes) {
            all.push((version + 1, version + size, milestones.clone()));
            milestones = milestones.passed(version + 1, version + size, sequence);
            version += size;
        }
        all
    }

    #[test]
    fn every_version_is_near_after_few_steps() {
        for (count, size) in [(20_000, 1), (3_000, 7), (100, 1_000)] {
            let stream = stream(std::iter::repeat_n(size, count));
            let (last, _, of_last) = stream.last().unwrap();
            for version in (1..*last).step_by(97) {
                let (mut from, mut steps) = (of_last.clone(), 0);
                while let Some(sequence) = from.towards(version) {
                    let (first, _, milestones) = &stream[usize::try_from(sequence).unwrap() - 1];
                    assert!(*first > version);
                    from = milestones.clone();
                    steps += 1;
                }
                let (first, sequence) = from.at_or_before(version).unwrap_or((1, 1));
                assert_eq!(stream[usize::try_from(sequence).unwrap() - 1].0, first);
                assert!(first <= version && version - first <= NEAREST + 2 * size, "{first} for {version}");
                assert!(steps <= 24, "{steps} steps to {version} of {last}");
            }
        }
    }

    #[test]
    fn short_streams_have_none() {
        assert!(stream(std::iter::repeat_n(1, 64)).last().unwrap().2.is_empty());
        assert_eq!(stream(std::iter::repeat_n(1, 65)).last().unwrap().2, Milestones(vec![(64, 64)]));
    }
}
