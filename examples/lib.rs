//! What the examples share: a clock for imported history, and the figures that they print.

mod figures;
mod history_clock;

pub use self::figures::{Grouped, Pace, with_causes};
pub use self::history_clock::HistoryClock;
