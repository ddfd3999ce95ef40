//! The proof: all files are loaded again from their events, and compared with git's own list.

use std::collections::BTreeMap;
use std::time::Instant;

use es_core::LoadError;
use es_core::store::EventStore;
use examples::Pace;

use crate::file::Content;
use crate::git_text::GitText;
use crate::ledger::Ledger;

/// What the comparison found.
#[derive(Debug)]
pub struct Verified {
    /// How fast the files were loaded.
    pub pace: Pace,
    /// How many files live.
    pub living: u64,
    /// Where the ledger and git disagree; empty if all is well.
    pub differences: Vec<Difference>,
}

/// A path about which the ledger and git disagree.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path.
    pub path: GitText,
    /// What the ledger says is there.
    pub ledger: Option<Content>,
    /// What git says is there.
    pub git: Option<Content>,
}

/// Loads all files, and compares path, mode and hash of those that live with `expected`.
pub async fn verify<S: EventStore>(
    ledger: &Ledger<S>,
    mut expected: BTreeMap<GitText, Content>,
) -> Result<Verified, LoadError> {
    let (start, mut living) = (Instant::now(), Vec::new());
    for id in ledger.ids() {
        let file = ledger.files().load(&id).await?.into_state();
        living.extend(file.living().cloned());
    }
    let pace = Pace::since(start, ledger.events());

    let count = living.len() as u64;
    let mut differences = Vec::new();
    for file in living {
        let git = expected.remove(&file.path);
        if git.as_ref() != Some(&file.content) {
            differences.push(Difference { path: file.path, ledger: Some(file.content), git });
        }
    }
    differences.extend(expected.into_iter().map(|(path, git)| Difference { path, ledger: None, git: Some(git) }));
    Ok(Verified { pace, living: count, differences })
}
