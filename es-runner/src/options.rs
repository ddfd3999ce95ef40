//! What can be chosen for one processor: how much at once, and what becomes of an event that fails.

use std::time::Duration;

use es_core::store::ParkCapacity;

/// How a processor is run.
///
/// ```
/// use std::time::Duration;
///
/// use es_core::store::ParkCapacity;
/// use es_runner::{Backoff, OnFailure, Options};
///
/// let patient = Options::default()
///     .retries(5)
///     .backoff(Backoff { first: Duration::from_millis(200), most: Duration::from_secs(60) })
///     .on_failure(OnFailure::Park(ParkCapacity::default()));
/// # let _ = patient;
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) batch: usize,
    pub(crate) lanes: usize,
    pub(crate) retries: u32,
    pub(crate) backoff: Backoff,
    pub(crate) on_failure: OnFailure,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch: 256, lanes: 4, retries: 3, backoff: Backoff::default(), on_failure: OnFailure::Stop }
    }
}

impl Options {
    /// At most so many events in a batch, 256 unless something else is said; more only where one stored event is read as
    /// several, which stay together.
    #[must_use]
    pub fn batch(self, events: usize) -> Self {
        Self { batch: events.max(1), ..self }
    }

    /// How many parts of a batch are handled side by side; 4 unless something else is said.
    #[must_use]
    pub fn lanes(self, lanes: usize) -> Self {
        Self { lanes: lanes.max(1), ..self }
    }

    /// How often an event that failed is tried again before it is at fault; 3 times unless something else is said.
    ///
    /// A store that cannot be reached is tried again without end: no event is to blame for it.
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// How long it waits before it tries again.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// What becomes of an event that is at fault, as was said.
    pub fn what_on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// What becomes of an event that is at fault; [`OnFailure::Stop`] unless something else is said.
    #[must_use]
    pub fn on_failure(self, on_failure: OnFailure) -> Self {
        Self { on_failure, ..self }
    }
}

/// What becomes of an event that cannot be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// The processor stops before it, with everything before it done, until it is resumed.
    Stop,
    /// It is parked, and so is everything that comes later about the same keys; the rest goes on.
    /// Where there is no room to park, the processor stops.
    Park(ParkCapacity),
}

/// How long to wait before trying again: twice as long each time, and a random part of it less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the first time.
    pub first: Duration,
    /// Never longer than this.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), most: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// Before trying again after so many failures, counted from 1; `random` is between 0 and 1, and takes up to half away.
    pub(crate) fn delay(self, failures: u32, random: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let most = self.first.saturating_mul(doubled).min(self.most);
        most.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_doubles_up_to_the_most_and_loses_up_to_half() {
        let backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(1) };
        let delays: Vec<_> = (1..=6).map(|failures| backoff.delay(failures, 0.0).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.delay(1, 1.0).as_millis(), 50);
        assert_eq!(backoff.delay(u32::MAX, 0.0).as_millis(), 1000);
    }
}
