//! What all drivers of a runner have in common.

use std::sync::Arc;
use std::time::Duration;

use es_core::store::{FailureStore, LeaseStore};
use es_core::{Clock, EventProcessor, Position, ProcessorError};
use tokio::sync::watch;

use crate::first::{First, first};
use crate::options::Backoff;
use crate::pages::Pages;
use crate::random::Random;

pub(crate) struct Shared {
    pub(crate) pages: Pages,
    pub(crate) leases: Option<Arc<dyn LeaseStore>>,
    pub(crate) failures: Option<Arc<dyn FailureStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) owner: String,
    pub(crate) ttl: Duration,
    pub(crate) drain: Duration,
    pub(crate) random: Random,
}

/// Whether the runner has been told to stop.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) watch::Receiver<bool>);

impl Stop {
    pub(crate) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the runner is told to stop, or is gone.
    pub(crate) async fn asked(&self) {
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }

    /// Waits so long; false if the runner is told to stop meanwhile.
    pub(crate) async fn sleep(&self, wait: Duration) -> bool {
        matches!(first(tokio::time::sleep(wait), self.asked()).await, First::One(()))
    }
}

impl Shared {
    pub(crate) fn delay(&self, backoff: Backoff, failures: u32) -> Duration {
        backoff.delay(failures, self.random.part())
    }
}

/// Where a processor is, whatever its type.
#[async_trait::async_trait]
pub(crate) trait Whereabouts: Send + Sync {
    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError>;
}

pub(crate) struct Of<P>(pub(crate) Arc<P>);

#[async_trait::async_trait]
impl<P: EventProcessor> Whereabouts for Of<P> {
    async fn checkpoint(&self) -> Result<Option<Position>, ProcessorError> {
        self.0.checkpoint().await
    }
}
