//! Loads every application again, from its events alone.

use std::collections::BTreeMap;
use std::time::Instant;

use es_core::store::EventStore;
use es_core::{LoadError, Repository, Version};
use examples::Pace;

use crate::import::Imported;
use crate::loan::{Loan, Outcome};

/// What the events make of the applications.
#[derive(Debug)]
pub struct Replayed {
    /// The events, and how long it took.
    pub pace: Pace,
    /// How many applications ended how; `None` are those that are open.
    pub outcomes: BTreeMap<Option<Outcome>, u64>,
}

/// Why a replay failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum ReplayError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("loan {loan} is at version {version}, but {expected} events were imported")]
    Lost { loan: String, version: Version, expected: u64 },
}

/// Loads all applications that were imported, and checks that each has the events that were imported.
pub async fn replay<S: EventStore>(store: S, imported: &Imported) -> Result<Replayed, ReplayError> {
    let repository = Repository::<Loan, _>::new(store);
    let (start, mut events, mut outcomes) = (Instant::now(), 0, BTreeMap::new());
    for (loan, seen) in &imported.loans {
        let loaded = repository.load(loan).await?;
        let (version, expected) = (loaded.version(), seen.lines - seen.refused);
        if version != Version::new(expected) {
            return Err(ReplayError::Lost { loan: loan.clone(), version, expected });
        }
        events += expected;
        // An application whose first line was refused does not exist.
        if loaded.exists() {
            *outcomes.entry(loaded.state().outcome()).or_default() += 1;
        }
    }
    Ok(Replayed { pace: Pace::since(start, events), outcomes })
}
