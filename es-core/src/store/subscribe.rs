//! The capability to wait for new events.

use async_trait::async_trait;

use super::{EventStore, ReadError};
use crate::version::Position;

/// A store that tells when it has grown.
///
/// This is all that a backend owes for live reading: [`Subscription`](super::Subscription) reads the log until it has
/// seen the head, waits here, and reads on from where it stopped, so nothing is lost or repeated between the past and
/// the present.
#[async_trait]
pub trait Subscribe: EventStore {
    /// Waits until the log holds an event after `position`; returns at once if it already does. Rules 23 to 25.
    ///
    /// # Errors
    /// The store could not be watched.
    async fn appended_after(&self, position: Position) -> Result<(), ReadError>;
}
