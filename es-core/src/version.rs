//! Where an event stands: in its stream (version), in the log (position), and what an append expects of both.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// The number of events in a stream; also the place of an event in it.
///
/// The first event of a stream has version 1, an empty or missing stream has version 0.
///
/// ```
/// use es_core::Version;
///
/// assert_eq!(Version::EMPTY.next(), Version::new(1));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a stream that has no event.
    pub const EMPTY: Self = Self(0);
    /// Higher than the version of any event: the end of a range without end.
    pub const MAX: Self = Self(u64::MAX);

    /// The version after `events` events.
    pub const fn new(events: u64) -> Self {
        Self(events)
    }

    /// The number of events.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The version of the next event.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The version when `events` more have been appended.
    #[must_use]
    pub const fn plus(self, events: u64) -> Self {
        Self(self.0.saturating_add(events))
    }
}

/// The place of an event in the global log of a store.
///
/// Positions start above 0 and increase in commit order; they may have gaps.
/// A reader that has seen position `p` never later finds a new event at or below `p`.
///
/// ```
/// use es_core::Position;
///
/// assert!(Position::START < Position::new(1));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// Before the first event of the log.
    pub const START: Self = Self(0);
    /// Not less than the position of any event: the end of a range without end.
    pub const MAX: Self = Self(u64::MAX);

    /// The position with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

macro_rules! displayed_as_number {
    ($($ty:ident),+) => {$(
        impl Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Display::fmt(&self.0, f)
            }
        }
        impl From<u64> for $ty {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }
    )+};
}
displayed_as_number!(Version, Position);

/// What an append expects of its stream; anything else is a conflict and writes nothing.
///
/// ```
/// use es_core::{ExpectedVersion, Version};
///
/// assert!(ExpectedVersion::NoStream.accepts(Version::EMPTY));
/// assert!(!ExpectedVersion::Exact(Version::new(3)).accepts(Version::new(4)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpectedVersion {
    /// Whatever is there.
    Any,
    /// The stream has no event yet.
    NoStream,
    /// The stream has at least one event.
    StreamExists,
    /// The stream has exactly this version; `Exact(Version::EMPTY)` is the same as `NoStream`.
    Exact(Version),
}

impl ExpectedVersion {
    /// Whether a stream at version `actual` is as expected.
    pub const fn accepts(self, actual: Version) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual.0 == 0,
            Self::StreamExists => actual.0 > 0,
            Self::Exact(expected) => expected.0 == actual.0,
        }
    }
}

impl Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::StreamExists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}
