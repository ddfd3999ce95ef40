//! One of several stores, and which streams it has.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Bound, Range, RangeBounds};

use super::slot::HASH_SLOTS;

/// One store of a [`PartitionedStore`](super::PartitionedStore), with a name, and which streams it has: those of some
/// hash slots, those of some categories, or both.
///
/// A category that a partition has is in no slot of another: its streams are all here.
///
/// ```
/// use es_core::store::{Partition, PartitionedStore};
/// use es_memory_store::MemoryStore;
///
/// let bank = PartitionedStore::new([
///     Partition::new("main", MemoryStore::new()).slots(..),
///     Partition::new("audit", MemoryStore::new()).categories(["audit", "login"]),
/// ])?;
/// # let _ = bank;
/// # Ok::<(), es_core::store::InvalidPartitions>(())
/// ```
#[derive(Clone)]
pub struct Partition<S> {
    name: String,
    store: S,
    /// Wider than a slot, so that what is beyond the last is seen and refused.
    slots: Vec<Range<u32>>,
    categories: BTreeSet<String>,
}

impl<S> Partition<S> {
    /// A partition that has nothing yet. Its name is for messages and for whoever looks it up; it is stored nowhere.
    pub fn new(name: impl Into<String>, store: S) -> Self {
        Self { name: name.into(), store, slots: Vec::new(), categories: BTreeSet::new() }
    }

    /// It has the streams whose [hash slot](super::hash_slot) is in this range, beside those of other ranges that were
    /// given; `..` is all.
    #[must_use]
    pub fn slots(mut self, range: impl RangeBounds<u16>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(slot) => u32::from(*slot),
            Bound::Excluded(slot) => u32::from(*slot) + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(slot) => u32::from(*slot) + 1,
            Bound::Excluded(slot) => u32::from(*slot),
            Bound::Unbounded => u32::from(HASH_SLOTS),
        };
        self.slots.push(start..end);
        self
    }

    /// It has all streams of these categories, beside others that were given.
    #[must_use]
    pub fn categories<T: Into<String>>(mut self, categories: impl IntoIterator<Item = T>) -> Self {
        self.categories.extend(categories.into_iter().map(Into::into));
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The store itself, which knows nothing of the others: to copy it, to look at its log, to keep read models in it.
    ///
    /// Append through the [`PartitionedStore`](super::PartitionedStore), since this takes streams of other partitions too,
    /// where nobody would find them.
    pub fn store(&self) -> &S {
        &self.store
    }

    pub(super) fn slot_ranges(&self) -> &[Range<u32>] {
        &self.slots
    }

    pub(super) fn own_categories(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(String::as_str)
    }
}

impl<S> fmt::Debug for Partition<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partition")
            .field("name", &self.name)
            .field("slots", &self.slots)
            .field("categories", &self.categories)
            .finish_non_exhaustive()
    }
}
