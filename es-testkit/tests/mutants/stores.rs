//! The mutants.

mod appending;

use crate::Case;

/// All mutants, each with the checks that must notice it.
pub(crate) fn cases() -> Vec<Case> {
    [appending::cases()].into_iter().flatten().collect()
}
