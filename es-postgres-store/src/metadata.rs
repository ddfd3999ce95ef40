//! Metadata as JSON text, as a person queries it.

use std::borrow::Cow;

use es_core::Metadata;
use serde::{Deserialize, Serialize};

use crate::error::PostgresError;

#[derive(Default, Serialize, Deserialize)]
struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<Cow<'a, str>>,
}

/// `None` where nothing is said.
pub(crate) fn to_text(metadata: &Metadata) -> Result<Option<String>, PostgresError> {
    if *metadata == Metadata::new() {
        return Ok(None);
    }
    let fields = Fields {
        correlation_id: metadata.correlation_id().map(|id| id.to_string().into()),
        causation_id: metadata.causation_id().map(|id| id.to_string().into()),
        actor: metadata.actor().map(Cow::from),
        traceparent: metadata.traceparent().map(Cow::from),
    };
    serde_json::to_string(&fields).map(Some).map_err(|error| PostgresError::broken(error.to_string()))
}

pub(crate) fn from_text(text: Option<&str>) -> Result<Metadata, PostgresError> {
    let Some(text) = text else { return Ok(Metadata::new()) };
    let fields: Fields<'_> = serde_json::from_str(text)
        .map_err(|error| PostgresError::broken(format!("the metadata {text:?} cannot be read: {error}")))?;
    let mut metadata = Metadata::new();
    if let Some(id) = fields.correlation_id {
        metadata = metadata.with_correlation_id(&*id);
    }
    if let Some(id) = fields.causation_id {
        metadata = metadata.with_causation_id(&*id);
    }
    if let Some(actor) = fields.actor {
        metadata = metadata.with_actor(actor);
    }
    if let Some(traceparent) = fields.traceparent {
        metadata = metadata.with_traceparent(traceparent);
    }
    Ok(metadata)
}
