//! Figures as the examples print them.

use std::fmt::{self, Display};
use std::time::{Duration, Instant};

/// A number with its digits in groups of three.
///
/// ```
/// use examples::Grouped;
///
/// assert_eq!(Grouped(262_200).to_string(), "262,200");
/// assert_eq!(format!("{:>6}", Grouped(42)), "    42");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouped(pub u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() * 4 / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// How many events were handled in what time.
///
/// ```
/// use std::time::Duration;
/// use examples::Pace;
///
/// let pace = Pace { events: 250_000, took: Duration::from_millis(1_250) };
/// assert_eq!(pace.to_string(), "250,000 events in 1.25 s, 200,000 events/s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many.
    pub events: u64,
    /// How long.
    pub took: Duration,
}

impl Pace {
    /// The pace of what began at `start` and ends now.
    pub fn since(start: Instant, events: u64) -> Self {
        Self { events, took: start.elapsed() }
    }
}

impl Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.took.as_micros().max(1);
        let per_second = u128::from(self.events) * 1_000_000 / micros;
        let per_second = Grouped(u64::try_from(per_second).unwrap_or(u64::MAX));
        write!(f, "{} events in {:.2} s, {per_second} events/s", Grouped(self.events), self.took.as_secs_f64())
    }
}
