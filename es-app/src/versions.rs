//! Old versions of read models: what is left of them when newer ones have taken over.

use es_core::Position;
use es_core::store::{CheckpointName, LeaseError, ReadModelEntry, ReadModelError};
use es_runner::{State, Stopped};

use crate::running::RunningApplication;

/// Rows of a version of a projection that is not a part of the application, or has been replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The name of the rows: that of the projection, and its version.
    pub name: CheckpointName,
    /// What it had seen.
    pub checkpoint: Option<Position>,
    /// Who keeps it up, if another program still does.
    pub kept_by: Option<String>,
}

/// Why orphans were not found or not dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrphanError {
    /// The read models could not be listed or dropped.
    #[error(transparent)]
    ReadModels(#[from] ReadModelError),
    /// The leases could not be listed.
    #[error(transparent)]
    Leases(#[from] LeaseError),
}

impl RunningApplication {
    /// The rows of other versions of this application's projections, sorted by their names.
    ///
    /// A program of an older version may still keep its rows up; where there are leases, it is named.
    ///
    /// # Errors
    /// See [`OrphanError`].
    pub async fn orphans(&self) -> Result<Vec<Orphan>, OrphanError> {
        let inner = self.inner();
        let Some(store) = &inner.rows else { return Ok(Vec::new()) };
        let listed = store.list_read_models().await?;
        let leases = match &inner.leases {
            Some(leases) => leases.list_leases().await?,
            None => Vec::new(),
        };
        let is_orphan = |entry: &ReadModelEntry| {
            inner.projections.iter().any(|base| is_version_of(entry.name.as_str(), base))
                && (inner.current.binary_search(&entry.name).is_err() || self.is_replaced(&entry.name))
        };
        let orphan = |ReadModelEntry { name, checkpoint }| {
            let holder = leases.iter().find(|lease| lease.name == name && !self.is_replaced(&name));
            Orphan { kept_by: holder.map(|lease| lease.owner.clone()), name, checkpoint }
        };
        Ok(listed.into_iter().filter(is_orphan).map(orphan).collect())
    }

    /// Drops the [orphans](Self::orphans) that nobody keeps up, rows and checkpoint together, and says which.
    ///
    /// Without leases nobody knows who keeps them up: make sure that no older program runs.
    ///
    /// # Errors
    /// See [`OrphanError`]; calling it again goes on.
    pub async fn drop_orphans(&self) -> Result<Vec<CheckpointName>, OrphanError> {
        let mut dropped = Vec::new();
        for orphan in self.orphans().await?.into_iter().filter(|orphan| orphan.kept_by.is_none()) {
            if let Some(store) = &self.inner().rows {
                store.drop_read_model(&orphan.name).await?;
            }
            dropped.push(orphan.name);
        }
        Ok(dropped)
    }

    fn is_replaced(&self, name: &CheckpointName) -> bool {
        matches!(self.inner().running.status(name).state, State::Stopped(Stopped::Replaced { .. }))
    }
}

/// Whether `balances` or `balances@3` is a version of `balances`.
fn is_version_of(name: &str, base: &str) -> bool {
    let rest = name.strip_prefix(base);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('@').is_some_and(|version| version.parse::<u32>().is_ok())
    })
}
