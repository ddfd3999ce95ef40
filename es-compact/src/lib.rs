#![doc = include_str!("../README.md")]

mod check;
mod error;
mod json;
mod name;
mod read;
mod tag;
mod write;

use es_core::{Codec, CodecError, EventSet};
use serde::{Serialize, de::DeserializeOwned};

pub use self::check::NotCompact;
pub use self::error::CompactError;
pub use self::json::{ToJsonError, to_json};

/// Payloads as short binary values; see the [crate] for what it does not do.
///
/// What is written is what serde writes for people to read, a UUID as text: so [`to_json`] gives exactly the JSON that the
/// codec [`Json`](es_core::Json) would have stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compact(());

impl Compact {
    /// The codec, if every version of every event in the set can be read back.
    ///
    /// Whoever uses it for several sets asks for each.
    ///
    /// # Errors
    /// The first event that cannot, and why.
    pub fn of<S: EventSet>() -> Result<Self, NotCompact> {
        check::check::<S>()?;
        Ok(Self(()))
    }
}

impl Codec for Compact {
    /// Fields are told by their names, though not in their words.
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, CodecError> {
        let mut writer = write::Writer::new();
        value.serialize(&mut writer).map_err(CodecError::new)?;
        Ok(writer.into_bytes())
    }

    #[inline]
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        let mut reader = read::Reader::new(bytes);
        let value = T::deserialize(&mut reader).map_err(CodecError::new)?;
        reader.end().map_err(CodecError::new)?;
        Ok(value)
    }
}
