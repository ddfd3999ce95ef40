//! What the examples share: a clock for imported history, the figures that they print, where they keep events, and how they end.

mod ending;
mod figures;
mod history_clock;
mod store_url;

pub use self::ending::{ending, with_causes};
pub use self::figures::{Grouped, Pace};
pub use self::history_clock::HistoryClock;
pub use self::store_url::{StoreUrlError, connect_empty, expect_empty, take_store_url};

/// Compiles and runs the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../docs/versioning.md")]
mod versioning_guide {}

/// Compiles and runs the code about process managers.
#[cfg(doctest)]
#[doc = include_str!("../docs/process-managers.md")]
mod process_managers_guide {}

/// Compiles and runs the code about snapshots.
#[cfg(doctest)]
#[doc = include_str!("../docs/snapshots.md")]
mod snapshots_guide {}

/// Compiles and runs the code about projections.
#[cfg(doctest)]
#[doc = include_str!("../docs/projections.md")]
mod projections_guide {}

/// Compiles and runs the code about scaling.
#[cfg(doctest)]
#[doc = include_str!("../docs/scaling.md")]
mod scaling_guide {}
