//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use es_core::{Clock, Timestamp};

/// A clock that shows what it was last set to.
///
/// The default is 2026-01-01T00:00:00Z.
/// Cloning gives another handle to the same clock, so a test keeps one and gives the other away.
///
/// ```
/// use std::time::Duration;
///
/// use es_core::{Clock, Timestamp};
/// use es_testkit::ManualClock;
///
/// let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
/// let given_away = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(given_away.now(), Timestamp::from_micros(60_000_000));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    micros: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows `time`.
    pub fn at(time: Timestamp) -> Self {
        Self { micros: Arc::new(AtomicI64::new(time.as_micros())) }
    }

    /// Shows `time` from now on, which may be earlier than before.
    pub fn set(&self, time: Timestamp) {
        self.micros.store(time.as_micros(), Relaxed);
    }

    /// Moves the clock forward; fractions of a microsecond are dropped.
    pub fn advance(&self, duration: Duration) {
        let step = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let moved = |micros: i64| Some(micros.saturating_add(step));
        // The closure never returns `None`, so there is always a new time.
        let _ = self.micros.fetch_update(Relaxed, Relaxed, moved);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_767_225_600_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_still_until_it_is_moved() {
        let clock = ManualClock::at(Timestamp::from_micros(5));
        assert_eq!([clock.now(), clock.now()], [Timestamp::from_micros(5); 2]);
        clock.advance(Duration::from_nanos(3_999));
        assert_eq!(clock.now(), Timestamp::from_micros(8));
        clock.set(Timestamp::from_micros(-1));
        assert_eq!(clock.now(), Timestamp::from_micros(-1));
    }

    #[test]
    fn the_clock_stops_at_the_end_of_time() {
        let clock = ManualClock::default();
        clock.advance(Duration::MAX);
        clock.advance(Duration::from_micros(1));
        assert_eq!(clock.now(), Timestamp::from_micros(i64::MAX));
    }
}
