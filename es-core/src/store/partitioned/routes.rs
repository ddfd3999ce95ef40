//! Which partition has a stream, a category, or all that a filter selects. It knows partitions by number.

use std::collections::{BTreeMap, BTreeSet};

use super::invalid::InvalidPartitions;
use super::partition::Partition;
use super::slot::{HASH_SLOTS, hash_slot};
use crate::store::EventFilter;
use crate::stream::StreamId;

/// Where everything goes.
pub(super) struct Routes {
    /// The partition of each slot.
    by_slot: Vec<usize>,
    /// Those that have a slot, each once.
    with_slots: Vec<usize>,
    /// Categories that are in no slot.
    by_category: BTreeMap<String, [usize; 1]>,
    /// All of them.
    all: Vec<usize>,
}

impl Routes {
    /// The routes to these partitions, if each stream has exactly one.
    pub(super) fn of<S>(partitions: &[Partition<S>]) -> Result<Self, InvalidPartitions> {
        let name = |index: usize| partitions[index].name().to_owned();
        let (mut names, mut by_category) = (BTreeSet::new(), BTreeMap::<String, [usize; 1]>::new());
        let mut slots = vec![None; usize::from(HASH_SLOTS)];
        for (index, partition) in partitions.iter().enumerate() {
            if !names.insert(partition.name()) {
                return Err(InvalidPartitions::NameTwice { name: name(index) });
            }
            for category in partition.own_categories() {
                StreamId::new(category, "x")
                    .map_err(|cause| InvalidPartitions::Category { partition: name(index), cause })?;
                if let Some([first]) = by_category.insert(category.to_owned(), [index]) {
                    let (category, first, second) = (category.to_owned(), name(first), name(index));
                    return Err(InvalidPartitions::CategoryTwice { category, first, second });
                }
            }
            if let Some(beyond) = partition.slot_ranges().iter().find(|range| range.end > u32::from(HASH_SLOTS)) {
                return Err(InvalidPartitions::NoSuchSlot { partition: name(index), slot: beyond.end - 1 });
            }
            let mut has_slots = false;
            for (slot, owner) in (0..HASH_SLOTS).zip(&mut slots) {
                let times = partition.slot_ranges().iter().filter(|range| range.contains(&u32::from(slot))).count();
                if let Some(first) = owner.or((times > 1).then_some(index)).filter(|_| times > 0) {
                    return Err(InvalidPartitions::SlotTwice { slot, first: name(first), second: name(index) });
                }
                if times == 1 {
                    (*owner, has_slots) = (Some(index), true);
                }
            }
            if !has_slots && partition.own_categories().next().is_none() {
                return Err(InvalidPartitions::Unused { partition: name(index) });
            }
        }
        let by_slot = (0..HASH_SLOTS).zip(slots);
        let by_slot = by_slot.map(|(slot, owner)| owner.ok_or(InvalidPartitions::SlotMissing { slot }));
        let by_slot: Vec<usize> = by_slot.collect::<Result<_, _>>()?;
        let with_slots = by_slot.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        Ok(Self { by_slot, with_slots, by_category, all: (0..partitions.len()).collect() })
    }

    /// The partition of a stream.
    pub(super) fn of_stream(&self, stream: &StreamId) -> usize {
        match self.by_category.get(stream.category()) {
            Some([index]) => *index,
            None => self.by_slot[usize::from(hash_slot(stream))],
        }
    }

    /// The partitions that streams of a category may be in.
    pub(super) fn of_category(&self, category: &str) -> &[usize] {
        self.by_category.get(category).map_or(&self.with_slots, |own| own)
    }

    /// Categories that one partition has to itself, with that partition.
    pub(super) fn categories(&self) -> impl Iterator<Item = (&str, usize)> {
        self.by_category.iter().map(|(category, [index])| (category.as_str(), *index))
    }

    /// The partitions that may have events which a filter selects; all of them, if it can select none.
    pub(super) fn of_filter(&self, filter: &EventFilter) -> Vec<usize> {
        let Some(categories) = filter.selected_categories() else { return self.all.clone() };
        let found: BTreeSet<usize> = categories.flat_map(|category| self.of_category(category)).copied().collect();
        if found.is_empty() { self.all.clone() } else { found.into_iter().collect() }
    }
}
