//! The port to what events are published to.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::cloud_event::CloudEvent;

/// An event on its way to a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// What is published.
    pub event: CloudEvent,
    /// Messages of one key are published one after the other: the name of the stream.
    pub key: String,
    /// The category of the stream.
    pub category: String,
}

/// What events are published to.
///
/// # Contract
///
/// 1. `Ok` says that the message is where it does not get lost: whoever is to receive it receives it, or the target
///    keeps it. What a target cannot say so about, it documents.
/// 2. Messages that are published one after the other, each after `Ok` for the one before, arrive in that order where
///    they have one key.
/// 3. What is not `Ok` is an error; no message is dropped in silence. After an error the message may have arrived all
///    the same.
/// 4. A message arrives with all attributes and the data that it was published with.
/// 5. A message that is published again is accepted, and has the same source and id.
/// 6. Messages of several keys may be published at once. Dropping the future does no harm but that the outcome is
///    unknown.
///
/// With the feature `conformance`, `conformance::check` holds a target to it.
///
/// ```
/// use es_publish::{Message, PublishError, Target};
///
/// /// Writes each event to the log of the program.
/// #[derive(Debug)]
/// struct Printed;
///
/// #[async_trait::async_trait]
/// impl Target for Printed {
///     fn name(&self) -> &str { "printed" }
///
///     async fn publish(&self, message: &Message) -> Result<(), PublishError> {
///         println!("{}: {}", message.key, message.event.ty());
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Target: Send + Sync {
    /// What it is called in spans and metrics: `nats`, `kafka`, `webhook`.
    fn name(&self) -> &str;

    /// Publishes one message.
    ///
    /// # Errors
    /// See [`PublishError`].
    async fn publish(&self, message: &Message) -> Result<(), PublishError>;
}

#[async_trait]
impl<T: Target + ?Sized> Target for Arc<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        (**self).publish(message).await
    }
}

#[async_trait]
impl<T: Target + ?Sized> Target for Box<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        (**self).publish(message).await
    }
}

/// Why a message was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The target is not there, or too busy; the message may be published later, and may have been already.
    #[error("the target is not available{}", Later(*.retry_after))]
    Unavailable {
        /// How long the target asks to be left alone.
        retry_after: Option<Duration>,
        /// What happened.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The target will never accept this message.
    #[error("the target refuses the message")]
    Refused {
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

impl PublishError {
    /// The message may be published later.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { retry_after: None, cause: cause.into() }
    }

    /// The message will never be accepted.
    pub fn refused(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused { cause: cause.into() }
    }
}

struct Later(Option<Duration>);

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |wait| write!(f, ", and asks to be left alone for {} s", wait.as_secs_f64()))
    }
}
