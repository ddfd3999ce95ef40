//! What a runner promises, by theme.

mod bench;

mod delivery;
mod failures;
mod faults;
mod leases;
mod rebuilds;
mod unreadable;
