//! Stores that misbehave on purpose, around one that does not.
//!
//! They know the port and nothing of a domain, so they stand around every store: the one in memory for a quick test, the
//! one of production for a drill.

mod chaos;
mod chaos_capabilities;
mod chaos_running;
mod conflict;
mod fault;
mod plan;

pub use self::chaos::ChaosStore;
pub use self::conflict::ConflictStore;
pub use self::fault::{ChaosError, Fault, Injected, Operation};
