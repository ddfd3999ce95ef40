//! What a runner promises, by theme.

mod bench;

mod delivery;
mod failures;
mod leases;
mod rebuilds;
