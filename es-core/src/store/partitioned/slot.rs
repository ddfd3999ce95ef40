//! The hash slot of a stream. It never changes: streams are where it says.

use crate::stream::StreamId;

/// How many hash slots there are.
///
/// Partitions have whole slots, so there are at most so many by id, and a partition is divided by giving some of its slots
/// to another.
pub const HASH_SLOTS: u16 = 1024;

/// The hash slot of a stream, below [`HASH_SLOTS`]: the same on every machine and in every release.
///
/// It is that of the id alone, so that `account-ada` and `order-ada` have the same.
/// The hash is FNV-1a with 64 bits over the bytes of the id; its upper half is folded onto the lower by XOR, as its
/// authors say where less is needed than it has, and of that the lowest ten bits are the slot.
///
/// ```
/// use es_core::StreamId;
/// use es_core::store::hash_slot;
///
/// let (account, order) = (StreamId::new("account", "ada")?, StreamId::new("order", "ada")?);
/// assert_eq!((hash_slot(&account), hash_slot(&order)), (290, 290));
/// # Ok::<(), es_core::InvalidStreamId>(())
/// ```
pub fn hash_slot(stream: &StreamId) -> u16 {
    let hash = stream
        .id()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let [low, high, ..] = (hash ^ (hash >> 32)).to_le_bytes();
    u16::from_le_bytes([low, high]) % HASH_SLOTS
}
