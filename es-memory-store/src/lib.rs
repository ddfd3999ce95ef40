//! The event store of es-core in memory: the reference implementation of the [store contract](es_core::store), for
//! tests, for examples, and for processes that do not outlive their events.

mod store;

mod checkpoints;
mod failures;
mod inline;
mod leases;
mod log;
mod read_models;
mod snapshots;
mod wakeups;

pub use self::store::MemoryStore;
