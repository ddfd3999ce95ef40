//! When: a timestamp in microseconds, and the clock that it comes from.

mod rfc3339;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

pub use self::rfc3339::InvalidTimestamp;

/// A moment: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// It is displayed, parsed and stored in JSON as RFC 3339 with all six digits, so that text sorts as time does; in
/// binary formats it is stored as the number of microseconds.
/// With the feature `jiff` it converts from and to `jiff::Timestamp`.
///
/// ```
/// use es_core::Timestamp;
///
/// let evening = Timestamp::from_micros(1_700_000_000_000_000);
/// assert_eq!(evening.to_string(), "2023-11-14T22:13:20.000000Z");
/// assert_eq!("2023-11-14T23:13:20+01:00".parse(), Ok(evening));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// The moment so many microseconds after the Unix epoch; before it, if negative.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({}µs)", self.0)
    }
}

/// Where the time of new events comes from; injected, so that a test can decide what time it is.
///
/// A closure is a clock.
///
/// ```
/// use es_core::{Clock, Timestamp};
///
/// let stopped = || Timestamp::from_micros(42);
/// assert_eq!(stopped.now(), Timestamp::from_micros(42));
/// ```
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp(micros)
    }
}

#[cfg(feature = "jiff")]
mod with_jiff {
    use super::Timestamp;

    impl From<jiff::Timestamp> for Timestamp {
        /// Fractions of a microsecond are dropped.
        fn from(time: jiff::Timestamp) -> Self {
            Self(time.as_microsecond())
        }
    }

    impl TryFrom<Timestamp> for jiff::Timestamp {
        type Error = jiff::Error;

        fn try_from(time: Timestamp) -> Result<Self, jiff::Error> {
            Self::from_microsecond(time.0)
        }
    }
}
