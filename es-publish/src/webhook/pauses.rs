//! How often a message is sent, and the pauses between: longer each time, and never the same for everybody.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Pauses {
    pub(super) attempts: u32,
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { attempts: 5, first: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl Pauses {
    /// The pause after so many failed attempts.
    pub(super) fn after(&self, failed: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        // Each `RandomState` has another seed, which is random enough to keep senders apart.
        let random = u32::try_from(RandomState::new().build_hasher().finish() % 1000).unwrap_or(0);
        whole.saturating_sub((whole / 2000).saturating_mul(random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_keep_at_least_half() {
        let pauses = Pauses::default();
        for (failed, whole) in [(1, 500), (2, 1_000), (3, 2_000), (6, 16_000), (7, 30_000), (u32::MAX, 30_000)] {
            let (pause, whole) = (pauses.after(failed), Duration::from_millis(whole));
            assert!(pause <= whole && pause >= whole / 2, "{failed}: {pause:?}");
        }
        let different: std::collections::BTreeSet<_> = (0..20).map(|_| pauses.after(7)).collect();
        assert!(different.len() > 1);
    }
}
