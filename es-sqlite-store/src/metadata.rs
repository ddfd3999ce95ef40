//! Metadata as JSON text, as a person queries it.

use es_core::Metadata;

use crate::error::SqliteError;

/// `None` where nothing is said.
pub(crate) fn to_text(metadata: &Metadata) -> Result<Option<String>, SqliteError> {
    if *metadata == Metadata::new() {
        return Ok(None);
    }
    serde_json::to_string(metadata).map(Some).map_err(|error| SqliteError::broken(error.to_string()))
}

pub(crate) fn from_text(text: &str) -> Result<Metadata, SqliteError> {
    let read = serde_json::from_str(text);
    read.map_err(|error| SqliteError::broken(format!("the metadata {text:?} cannot be read: {error}")))
}
