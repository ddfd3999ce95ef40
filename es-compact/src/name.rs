//! The numbers that stand for names.

/// 2 to the 64 divided by the golden ratio, which spreads bits well (Knuth, section 6.4).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of a name; stored, so it never changes.
///
/// Names are read eight bytes at a time, because every field of every event comes by here.
#[inline]
pub(crate) fn number(name: &str) -> u16 {
    let bytes = name.as_bytes();
    let mut number = (bytes.len() as u64).wrapping_mul(MIX);
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        number = mixed(number ^ u64::from_le_bytes(word));
    }
    let mut word = 0;
    for &byte in chunks.remainder() {
        word = word << 8 | u64::from(byte);
    }
    let number = mixed(number ^ word);
    #[allow(clippy::cast_possible_truncation, reason = "16 bits are left")]
    let highest = (number >> 48) as u16;
    highest
}

#[inline]
fn mixed(number: u64) -> u64 {
    let product = number.wrapping_mul(MIX);
    product ^ product >> 29
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_those_that_are_stored() {
        let names = ["", "a", "amount", "currency", "reference", "counterparty"];
        assert_eq!(names.map(number), NUMBERS);
    }

    const NUMBERS: [u16; 6] = [0, 38_362, 28_123, 2_031, 1_644, 1_445];

    #[test]
    fn short_names_that_differ_little_have_different_numbers() {
        let mut seen: Vec<_> =
            ('a'..='z').flat_map(|a| ('0'..='9').map(move |b| number(&format!("line{a}{b}")))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() >= 258, "{} of 260", seen.len());
    }
}
