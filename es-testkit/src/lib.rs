//! What the tests of a domain need: scenarios without a store and without async, and a clock and ids that are known
//! beforehand.
//!
//! [`given`] and [`given_nothing`] test an aggregate, [`given_log`] and [`given_rows`] test a projection, [`given_process`] tests a process
//! manager, [`given_stored`] tests how an old event is read, and [`assert_locked!`] that no old event is forgotten.
//! [`verify!`] tests the laws of an aggregate with commands that it makes itself.
//! With the feature `conformance`, [`store_conformance!`] holds an event store to the contract of all stores.
//! [`stores`] are stores that misbehave on purpose.
//! Whatever a scenario says, it also fails if one of its events does not come back from encoding as it went in.

mod aggregate;
mod process;
mod projection;
mod stored;

pub mod lock;
pub mod verify;

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod stores;

mod clock;
mod ids;

mod block_on;
mod difference;
mod log;
mod round_trip;

pub use self::aggregate::{Given, Outcome, given, given_nothing};
pub use self::clock::ManualClock;
pub use self::ids::CountingIds;
pub use self::process::{Answered, GivenProcess, given_process};
pub use self::projection::{GivenLog, GivenRows, given_log, given_rows};
pub use self::stored::{Stored, given_stored};
pub use proptest;

/// What the macros call; no part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use es_derive::verify;
}
