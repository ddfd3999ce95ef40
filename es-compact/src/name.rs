//! The numbers that stand for names.

/// 2 to the 64 divided by the golden ratio, which spreads bits well (Knuth, section 6.4).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of a name; stored, so it never changes.
///
/// Names are read eight bytes at a time, because every field of every event comes by here.
#[inline]
pub(crate) fn number(name: &str) -> u16 {
    let bytes = name.as_bytes();
    let number = (bytes.len() as u64).wrapping_mul(MIX);
    let number = match bytes.len() {
        0 => number,
        1..4 => {
            let (first, middle, last) = (bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1]);
            number ^ u64::from(u32::from_le_bytes([first, middle, last, 0]))
        }
        // Two words that overlap are every byte.
        length @ 4..8 => number ^ (u64::from(word4(bytes, 0)) | u64::from(word4(bytes, length - 4)) << 32),
        length => {
            let mut number = number;
            let mut at = 0;
            while at + 8 < length {
                number = mixed(number ^ word8(bytes, at));
                at += 8;
            }
            number ^ word8(bytes, length - 8)
        }
    };
    let number = mixed(number);
    #[allow(clippy::cast_possible_truncation, reason = "16 bits are left")]
    let highest = (number >> 48) as u16;
    highest
}

#[inline]
fn word4(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

#[inline]
fn word8(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
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

    const NUMBERS: [u16; 6] = [0, 16_952, 54_174, 51_129, 21_802, 20_353];

    #[test]
    fn short_names_that_differ_little_have_different_numbers() {
        let mut seen: Vec<_> =
            ('a'..='z').flat_map(|a| ('0'..='9').map(move |b| number(&format!("line{a}{b}")))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() >= 258, "{} of 260", seen.len());
    }
}
