//! What the tests of a domain need: scenarios without a store and without async, and a clock and ids that are known
//! beforehand.
//!
//! [`given`] and [`given_nothing`] test an aggregate, [`given_log`] tests a projection, [`given_stored`] tests how an old
//! event is read, and [`assert_locked!`] that no old event is forgotten.
//! With the feature `conformance`, [`store_conformance!`] holds an event store to the contract of all stores.
//! Whatever a scenario says, it also fails if one of its events does not come back from encoding as it went in.

mod aggregate;
mod projection;
mod stored;

pub mod lock;

#[cfg(feature = "conformance")]
pub mod conformance;

mod clock;
mod ids;

mod difference;
mod log;
mod round_trip;

pub use self::aggregate::{Given, Outcome, given, given_nothing};
pub use self::clock::ManualClock;
pub use self::ids::CountingIds;
pub use self::projection::{GivenLog, given_log};
pub use self::stored::{Stored, given_stored};
