//! What is recorded beside an event: which conversation it belongs to, what caused it, and who did it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fingerprint::Fingerprint;
use crate::id::MessageId;

/// The circumstances of an event.
///
/// A repository fills in what is left out: the correlation id is that of the first message of a chain, the causation
/// id that of the message before, so both default to the id of the command.
/// Cloning copies a pointer; the events of one command share one allocation.
///
/// ```
/// use es_core::Metadata;
///
/// let metadata = Metadata::new().with_actor("ada").with_correlation_id("request-17");
/// assert_eq!(metadata.actor(), Some("ada"));
/// assert_eq!(metadata.causation_id(), None);
/// ```
///
/// With serde, a map of what is said, under the names of the methods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Option<Arc<Fields>>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_fingerprint: Option<Fingerprint>,
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().unwrap_or(&Fields::default()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        Ok(Self((fields != Fields::default()).then(|| Arc::new(fields))))
    }
}

impl Metadata {
    /// Nothing said yet.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The conversation that this belongs to, the same for everything that follows from one request.
    pub fn correlation_id(&self) -> Option<&MessageId> {
        self.0.as_ref()?.correlation_id.as_ref()
    }

    /// The message that this follows from directly.
    pub fn causation_id(&self) -> Option<&MessageId> {
        self.0.as_ref()?.causation_id.as_ref()
    }

    /// Who asked for it: a user, a job, a service.
    pub fn actor(&self) -> Option<&str> {
        self.0.as_ref()?.actor.as_deref()
    }

    /// The W3C Trace Context header of the request, verbatim.
    pub fn traceparent(&self) -> Option<&str> {
        self.0.as_ref()?.traceparent.as_deref()
    }

    /// What the command said that this follows from, where its sender has
    /// [given](crate::CommandOptions::with_fingerprint) that; so that another command is not taken for a repeat of it.
    pub fn command_fingerprint(&self) -> Option<Fingerprint> {
        self.0.as_ref()?.command_fingerprint
    }

    /// Sets the correlation id.
    #[must_use]
    pub fn with_correlation_id(mut self, id: impl Into<MessageId>) -> Self {
        self.fields().correlation_id = Some(id.into());
        self
    }

    /// Sets the causation id.
    #[must_use]
    pub fn with_causation_id(mut self, id: impl Into<MessageId>) -> Self {
        self.fields().causation_id = Some(id.into());
        self
    }

    /// Sets the actor.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.fields().actor = Some(actor.into().into());
        self
    }

    /// Sets the W3C Trace Context header.
    #[must_use]
    pub fn with_traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.fields().traceparent = Some(traceparent.into().into());
        self
    }

    /// Sets the fingerprint of the command.
    #[must_use]
    pub fn with_command_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fields().command_fingerprint = Some(fingerprint);
        self
    }

    /// What is said of this and holds for what follows from it, too.
    pub(crate) fn passed_on(&self) -> Self {
        let mut passed_on = self.clone();
        if self.command_fingerprint().is_some() {
            passed_on.fields().command_fingerprint = None;
        }
        passed_on
    }

    fn fields(&mut self) -> &mut Fields {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "json")]
    #[test]
    fn what_is_said_is_written_and_what_is_not_is_left_out() {
        let said = Metadata::new().with_actor("ada").with_correlation_id("request-17");
        let text = serde_json::to_string(&said).unwrap();
        assert_eq!(text, r#"{"correlation_id":"request-17","actor":"ada"}"#);
        assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), said);
        assert_eq!(serde_json::to_string(&Metadata::new()).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Metadata>("{}").unwrap(), Metadata::new());
        let said = Metadata::new().with_command_fingerprint(Fingerprint::new(0x2a));
        let text = serde_json::to_string(&said).unwrap();
        assert_eq!(text, r#"{"command_fingerprint":"000000000000002a"}"#);
        assert_eq!(serde_json::from_str::<Metadata>(&text).unwrap(), said);
        assert!(serde_json::from_str::<Metadata>(r#"{"command_fingerprint":"x"}"#).is_err());
    }

    #[test]
    fn a_changed_copy_leaves_the_original_alone() {
        let first = Metadata::new().with_actor("ada").with_traceparent("00-1-2-01");
        let second = first.clone().with_actor("bob");
        assert_eq!((first.actor(), second.actor()), (Some("ada"), Some("bob")));
        assert_eq!(second.traceparent(), Some("00-1-2-01"));
    }
}
