//! A value as JSON text: what a process has decided is stored as it was written, and compared as text.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::codec::CodecError;

/// A JSON value in the letters in which it was written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// Writes a value.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, CodecError> {
        serde_json::value::to_raw_value(value).map(Self).map_err(CodecError::new)
    }

    /// Takes bytes that are JSON.
    ///
    /// # Errors
    /// They are not.
    pub fn parse(bytes: &[u8]) -> Result<Self, CodecError> {
        serde_json::from_slice(bytes).map(Self).map_err(CodecError::new)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonText {}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
