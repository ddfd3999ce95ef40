//! Why partitions do not make a store.

use super::slot::HASH_SLOTS;
use crate::stream::InvalidStreamId;

/// Why partitions do not make a store: it is not clear for each stream which of them has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPartitions {
    /// Two have one name.
    #[error("two partitions are called `{name}`")]
    NameTwice {
        /// The name.
        name: String,
    },
    /// One has no streams.
    #[error("no stream belongs to partition `{partition}`: give it slots or categories")]
    Unused {
        /// Its name.
        partition: String,
    },
    /// A slot that there is not.
    #[error("partition `{partition}` has slot {slot}, but the last one is {}", HASH_SLOTS - 1)]
    NoSuchSlot {
        /// The name of the partition.
        partition: String,
        /// The last slot that it was given.
        slot: u32,
    },
    /// A slot that belongs to two.
    #[error("slot {slot} belongs to partition `{first}` and to partition `{second}`")]
    SlotTwice {
        /// The first such slot.
        slot: u16,
        /// The name of the one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// A slot that belongs to none.
    #[error("slot {slot} belongs to no partition: together they have all slots from 0 to {}", HASH_SLOTS - 1)]
    SlotMissing {
        /// The first such slot.
        slot: u16,
    },
    /// A category that belongs to two.
    #[error("category `{category}` belongs to partition `{first}` and to partition `{second}`")]
    CategoryTwice {
        /// The category.
        category: String,
        /// The name of the one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// A category that no stream can have.
    #[error("partition `{partition}` has a category that no stream can have")]
    Category {
        /// The name of the partition.
        partition: String,
        /// What is wrong with it.
        #[source]
        cause: InvalidStreamId,
    },
}
