//! Waiting until a part has seen a position, whichever node moves it.

use std::time::Duration;

use async_trait::async_trait;
use es_core::store::CheckpointName;
use es_core::{KeyedProjection, Position};
use es_runner::Running;

use crate::register::AppReadModel;
use crate::running::NotPart;

/// Why a part has not been seen at a position.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It is not a part of the application.
    #[error(transparent)]
    NotPart(#[from] NotPart),
    /// It did not come there in time.
    #[error("after {timeout:?} `{name}` is at {}, and not at position {wanted}", shown(*seen))]
    Timeout {
        /// The part.
        name: CheckpointName,
        /// Where it was to come.
        wanted: Position,
        /// Where it is.
        seen: Option<Position>,
        /// How long that was.
        timeout: Duration,
    },
    /// It does nothing any more, and will not come there.
    #[error(transparent)]
    Stopped(es_runner::WaitError),
    /// Its checkpoint could not be read.
    #[error(transparent)]
    Store(#[from] es_core::store::CheckpointError),
}

fn shown(position: Option<Position>) -> String {
    position.map_or("its beginning".to_owned(), |position| format!("position {position}"))
}

/// A part that can be waited for.
#[async_trait]
pub(crate) trait Waits: Send + Sync {
    async fn wait(&self, running: &Running, wanted: Position, timeout: Duration) -> Result<(), WaitError>;
}

/// What the runner drives; where another node is active, it is seen there as often as that node is looked at.
pub(crate) struct Driven(pub(crate) CheckpointName);

#[async_trait]
impl Waits for Driven {
    async fn wait(&self, running: &Running, wanted: Position, timeout: Duration) -> Result<(), WaitError> {
        match running.wait_for(&self.0, wanted, timeout).await {
            Ok(()) => Ok(()),
            Err(es_runner::WaitError::Timeout { processor: name, wanted, seen, timeout }) => {
                Err(WaitError::Timeout { name, wanted, seen, timeout })
            }
            Err(stopped) => Err(WaitError::Stopped(stopped)),
        }
    }
}

/// Rows that the runner drives here or elsewhere: their checkpoint in the store is what counts.
pub(crate) struct Rows<P>(pub(crate) AppReadModel<P>);

#[async_trait]
impl<P: KeyedProjection> Waits for Rows<P> {
    async fn wait(&self, running: &Running, wanted: Position, timeout: Duration) -> Result<(), WaitError> {
        let stopped = async {
            match running.wait_for(self.0.checkpoint_name(), wanted, timeout).await {
                Err(stopped @ es_runner::WaitError::Stopped { .. }) => stopped,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            seen = rows_at(&self.0, wanted, timeout) => seen,
            stopped = stopped => Err(WaitError::Stopped(stopped)),
        }
    }
}

/// Rows that are kept up with each append.
pub(crate) struct InlineRows<P>(pub(crate) AppReadModel<P>);

#[async_trait]
impl<P: KeyedProjection> Waits for InlineRows<P> {
    async fn wait(&self, _: &Running, wanted: Position, timeout: Duration) -> Result<(), WaitError> {
        rows_at(&self.0, wanted, timeout).await
    }
}

async fn rows_at<P: KeyedProjection>(
    rows: &AppReadModel<P>,
    wanted: Position,
    timeout: Duration,
) -> Result<(), WaitError> {
    match rows.wait_for(wanted, tokio::time::sleep(timeout)).await {
        Ok(()) => Ok(()),
        Err(es_core::WaitError::Store(error)) => Err(error.into()),
        Err(es_core::WaitError::Timeout { projection: name, wanted, seen }) => {
            Err(WaitError::Timeout { name, wanted, seen, timeout })
        }
        Err(_) => Err(WaitError::Timeout { name: rows.checkpoint_name().clone(), wanted, seen: None, timeout }),
    }
}
