//! The clock for events that happened long before they are recorded here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use es_core::{Clock, Timestamp};

/// A clock that stands where it was last put; clones show the same time.
///
/// An import puts it to the time of each event before it executes the command that records the event.
///
/// ```
/// use es_core::{Clock, Timestamp};
/// use examples::HistoryClock;
///
/// let clock = HistoryClock::default();
/// let shown = clock.clone();
/// clock.put(Timestamp::from_micros(42));
/// assert_eq!(shown.now(), Timestamp::from_micros(42));
/// ```
#[derive(Debug, Clone, Default)]
pub struct HistoryClock(Arc<AtomicI64>);

impl HistoryClock {
    /// Puts the clock, forward or back.
    pub fn put(&self, time: Timestamp) {
        self.0.store(time.as_micros(), Ordering::Relaxed);
    }
}

impl Clock for HistoryClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}
