//! Numbers from a seed.

/// SplitMix64, by Steele, Lea and Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// The seed of a run: `ES_CONFORMANCE_SEED`, or one that nobody knows beforehand.
pub(super) fn seed(fresh: u64) -> u64 {
    std::env::var("ES_CONFORMANCE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(fresh)
}
