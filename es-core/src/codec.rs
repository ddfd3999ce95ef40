//! How events become bytes.
//!
//! Knows neither events nor stores: it turns anything that serde knows into bytes and back.

use std::error::Error;

use serde::{Serialize, de::DeserializeOwned};

/// A format of payloads.
///
/// One codec is chosen for a repository; what is stored with one codec is read with the same.
///
/// ```
/// use es_core::{Codec, Json};
///
/// let bytes = Json.encode(&("ada", 3))?;
/// assert_eq!(bytes, br#"["ada",3]"#);
/// assert_eq!(Json.decode::<(String, u32)>(&bytes)?, ("ada".to_owned(), 3));
/// # Ok::<(), es_core::CodecError>(())
/// ```
pub trait Codec: Clone + Send + Sync + 'static {
    /// Whether payloads name their fields.
    ///
    /// Old versions that the derive reconstructs keep the names of fields, not their order, so a positional format
    /// cannot read them; such a combination does not compile.
    const SELF_DESCRIBING: bool;

    /// Turns a value into bytes.
    ///
    /// # Errors
    /// What the format or the value's `Serialize` refuses.
    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, CodecError>;

    /// Turns bytes into a value.
    ///
    /// # Errors
    /// The bytes are not of this format, or do not fit `T`.
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError>;
}

/// Why a value could not be encoded or decoded, in the words of the format.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct CodecError(Box<dyn Error + Send + Sync>);

impl CodecError {
    /// Wraps the error of a format.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Payloads as JSON text; the default codec.
///
/// The type is always there, because drivers default to it; it is a [`Codec`] with the feature `json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Json;

#[cfg(feature = "json")]
impl Codec for Json {
    const SELF_DESCRIBING: bool = true;

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Vec<u8>, CodecError> {
        serde_json::to_vec(value).map_err(CodecError::new)
    }

    #[inline]
    fn decode<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<T, CodecError> {
        serde_json::from_slice(bytes).map_err(CodecError::new)
    }
}
