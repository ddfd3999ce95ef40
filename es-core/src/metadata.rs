//! What is recorded beside an event: which conversation it belongs to, what caused it, and who did it.

use std::sync::Arc;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Option<Arc<Fields>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Fields {
    correlation_id: Option<MessageId>,
    causation_id: Option<MessageId>,
    actor: Option<Box<str>>,
    traceparent: Option<Box<str>>,
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

    fn fields(&mut self) -> &mut Fields {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_copy_leaves_the_original_alone() {
        let first = Metadata::new().with_actor("ada").with_traceparent("00-1-2-01");
        let second = first.clone().with_actor("bob");
        assert_eq!((first.actor(), second.actor()), (Some("ada"), Some("bob")));
        assert_eq!(second.traceparent(), Some("00-1-2-01"));
    }
}
