//! A target in memory: for tests of what a program publishes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::target::{Message, PublishError, Target};

type Check = Arc<dyn Fn(&Message) -> Result<(), PublishError> + Send + Sync>;

/// Keeps what is published, in order; for tests.
///
/// Clones share what they keep.
///
/// ```
/// use es_publish::{CloudEvent, MemoryTarget, Message, PublishError, Target};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let target = MemoryTarget::new();
/// let event = CloudEvent::new("1", "/bank", "account-opened")?;
/// target.publish(&Message { event: event.clone(), key: "account-ada".into(), category: "account".into() }).await?;
/// assert_eq!(target.published()[0].event, event);
///
/// let down = MemoryTarget::new().with_check(|_message| Err(PublishError::unavailable("down for maintenance")));
/// # let _ = down;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MemoryTarget {
    published: Arc<Mutex<Vec<Message>>>,
    check: Option<Check>,
}

impl MemoryTarget {
    /// A target that has got nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `check` about each message first; what it does not let through is not kept.
    #[must_use]
    pub fn with_check(self, check: impl Fn(&Message) -> Result<(), PublishError> + Send + Sync + 'static) -> Self {
        Self { check: Some(Arc::new(check)), ..self }
    }

    /// What has been published so far.
    pub fn published(&self) -> Vec<Message> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Target for MemoryTarget {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn publish(&self, message: &Message) -> Result<(), PublishError> {
        if let Some(check) = &self.check {
            check(message)?;
        }
        self.published.lock().unwrap_or_else(PoisonError::into_inner).push(message.clone());
        Ok(())
    }
}

impl fmt::Debug for MemoryTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTarget").field("published", &self.published().len()).finish_non_exhaustive()
    }
}
