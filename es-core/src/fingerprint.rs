//! What tells two programs apart that would make different states of the same events, and two commands that say
//! different things.
//!
//! A number and how it is made; what goes into it is for those who know the state and its fold, or the command.

use std::fmt::{self, Display};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A hash of everything that a snapshot depends on beside the events, or of what a command says; the same in every build
/// and on every machine.
///
/// With serde, its text.
///
/// ```
/// use es_core::Fingerprint;
///
/// let shape = Fingerprint::of(["{balance: u64}", "fold 1"]);
/// assert_ne!(shape, Fingerprint::of(["{balance: i64}", "fold 1"]));
/// assert_ne!(shape, Fingerprint::of(["{balance: u64}fold 1"]), "parts are told apart");
/// assert_eq!(Fingerprint::new(shape.get()), shape);
/// assert_eq!(shape.to_string().len(), 16);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint with this number, as a store has kept it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The fingerprint of several texts in their order.
    pub fn of<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> Self {
        let mut hash = OFFSET;
        for part in parts {
            let part = part.as_ref().as_bytes();
            let len = part.len() as u64;
            for byte in len.to_le_bytes().iter().chain(part) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        }
        Self(hash)
    }
}

/// Sixteen hexadecimal digits.
impl Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(|_| D::Error::custom("a fingerprint is sixteen hexadecimal digits"))
    }
}

// FNV-1a with 64 bits: an aggregate has as many fingerprints as releases, and nobody gains by a collision.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;
