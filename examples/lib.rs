//! What the examples share: a clock for imported history, the figures that they print, and how they end.

mod ending;
mod figures;
mod history_clock;

pub use self::ending::{ending, with_causes};
pub use self::figures::{Grouped, Pace};
pub use self::history_clock::HistoryClock;

/// Compiles and runs the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../docs/versioning.md")]
mod versioning_guide {}

/// Compiles and runs the code about snapshots.
#[cfg(doctest)]
#[doc = include_str!("../docs/snapshots.md")]
mod snapshots_guide {}
