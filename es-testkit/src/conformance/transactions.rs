//! Transactions without their type: checkpoints that are saved together, with an end that is told beforehand.

use std::sync::Arc;

use async_trait::async_trait;
use es_core::Position;
use es_core::store::{AsyncTransact, CheckpointError, CheckpointName, Transact, TransactionFailed};

/// A checkpoint, what is expected of it and what it becomes.
pub(super) type Save = (CheckpointName, Option<Position>, Position);

/// What the work in a transaction comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Succeeds,
    Fails,
}

/// Why a transaction was not committed.
#[derive(Debug)]
#[allow(dead_code, reason = "shown where a rule is broken")]
pub(super) enum Ended {
    AsTold,
    Checkpoint(CheckpointError),
    Failed(TransactionFailed),
}

impl From<TransactionFailed> for Ended {
    fn from(error: TransactionFailed) -> Self {
        Self::Failed(error)
    }
}

#[async_trait]
pub(super) trait Transactions: Send + Sync {
    /// Saves in one transaction, one after the other.
    async fn save(&self, saves: Vec<Save>, work: Work) -> Result<(), Ended>;
}

/// A store that does the work itself.
pub(super) struct Blocking<S>(pub(super) Arc<S>);

#[async_trait]
impl<S: Transact + 'static> Transactions for Blocking<S> {
    async fn save(&self, saves: Vec<Save>, work: Work) -> Result<(), Ended> {
        let work = move |tx: &S::Transaction<'_>| {
            for (name, expected, position) in &saves {
                S::save_in(tx, name, *expected, *position).map_err(Ended::Checkpoint)?;
            }
            if work == Work::Succeeds { Ok(()) } else { Err(Ended::AsTold) }
        };
        self.0.in_transaction(work).await
    }
}

/// A store whose transactions are waited for.
pub(super) struct Waiting<S>(pub(super) Arc<S>);

#[async_trait]
impl<S: AsyncTransact + 'static> Transactions for Waiting<S> {
    async fn save(&self, saves: Vec<Save>, work: Work) -> Result<(), Ended> {
        let tx = self.0.begin_transaction().await?;
        for (name, expected, position) in &saves {
            // Dropped in the middle, it is rolled back.
            S::save_in(&tx, name, *expected, *position).await.map_err(Ended::Checkpoint)?;
        }
        match work {
            Work::Succeeds => Ok(S::commit(tx).await?),
            Work::Fails => {
                S::roll_back(tx).await?;
                Err(Ended::AsTold)
            }
        }
    }
}
