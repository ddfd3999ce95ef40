//! The first byte of a value; stored, so no number here ever changes.

/// Up to this, the byte is the number.
pub(crate) const SMALL: u8 = 0x7f;
pub(crate) const NULL: u8 = 0x80;
pub(crate) const FALSE: u8 = 0x81;
pub(crate) const TRUE: u8 = 0x82;
/// A variable-length number follows.
pub(crate) const UNSIGNED: u8 = 0x83;
/// A variable-length number `n` follows, for `-1 - n`.
pub(crate) const NEGATIVE: u8 = 0x84;
/// Four bytes follow, the lowest first; likewise for the others.
pub(crate) const F32: u8 = 0x85;
pub(crate) const F64: u8 = 0x86;
pub(crate) const U128: u8 = 0x87;
pub(crate) const I128: u8 = 0x88;
/// A length and so many bytes follow.
pub(crate) const BYTES: u8 = 0x89;
pub(crate) const TEXT: u8 = 0x8a;
/// Values follow, up to an end.
pub(crate) const LIST: u8 = 0x8b;
/// Pairs follow, up to an end.
pub(crate) const MAP: u8 = 0x8c;
pub(crate) const END: u8 = 0x8d;
/// A count of fields follows, and for each its number and its value.
pub(crate) const FIELDS: u8 = 0x8e;
/// The number of a variant follows that holds nothing.
pub(crate) const VARIANT: u8 = 0x8f;
/// The number of a variant follows, and what it holds.
pub(crate) const HOLDING: u8 = 0x90;
/// This and up to 63 more: so many bytes of text follow.
pub(crate) const SHORT_TEXT: u8 = 0xa0;
pub(crate) const SHORTEST: usize = 0x3f;
/// This and up to 15 more: so many fields follow.
pub(crate) const FEW_FIELDS: u8 = 0xe0;
pub(crate) const FEWEST: usize = 0x0f;
