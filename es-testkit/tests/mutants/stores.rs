//! The mutants.

mod appending;
mod capabilities;
mod leases;
mod parking;
mod races;
mod read_models;
mod reading;
mod sending;
mod snapshots;
mod transactions;
mod visiting;

use crate::Case;

/// All mutants, each with the checks that must notice it.
pub(crate) fn cases() -> Vec<Case> {
    [
        appending::cases(),
        reading::cases(),
        sending::cases(),
        capabilities::cases(),
        snapshots::cases(),
        read_models::cases(),
        leases::cases(),
        parking::cases(),
        visiting::cases(),
        transactions::cases(),
        races::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
