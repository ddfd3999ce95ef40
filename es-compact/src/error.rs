//! Why a value cannot be written, or bytes not be read.

use std::fmt::Display;

/// Why a value cannot be written, or bytes not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// The bytes end in the middle of a value.
    #[error("the payload ends in the middle of a value")]
    Truncated,
    /// There are bytes behind the value.
    #[error("{left} bytes are left behind the value")]
    Trailing {
        /// How many.
        left: usize,
    },
    /// No value begins with that byte.
    #[error("no value begins with byte {tag:#04x}, at {at}")]
    UnknownTag {
        /// The byte.
        tag: u8,
        /// Where it is.
        at: usize,
    },
    /// A text is not UTF-8.
    #[error("the text at {at} is not UTF-8")]
    NotUtf8 {
        /// Where it begins.
        at: usize,
    },
    /// Values are nested more deeply than [any event should be](CompactError::DEPTH).
    #[error("values are nested more than {} deep", CompactError::DEPTH)]
    TooDeep,
    /// Two fields of one struct have the same number.
    #[error("`{field}` has the same number as another field of its struct; rename one of them")]
    SameNumber {
        /// The second of the two.
        field: &'static str,
    },
    /// The type has to see the names of fields, which are not stored.
    #[error("the names of fields are not stored, and this type cannot be read without them; is an enum untagged?")]
    NamesWanted,
    /// The enum has no variant with that number.
    #[error("the enum `{name}` has no variant with number {number:#06x}")]
    UnknownVariant {
        /// The Rust name of the enum.
        name: &'static str,
        /// The number.
        number: u16,
    },
    /// The type refuses the value, or cannot be written.
    #[error("{0}")]
    Refused(String),
}

impl CompactError {
    /// How deep values may be nested.
    pub const DEPTH: u32 = 128;
}

impl serde::ser::Error for CompactError {
    fn custom<T: Display>(text: T) -> Self {
        Self::Refused(text.to_string())
    }
}

impl serde::de::Error for CompactError {
    fn custom<T: Display>(text: T) -> Self {
        Self::Refused(text.to_string())
    }
}
