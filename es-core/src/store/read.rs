//! Which part of a stream or of the log to read, in which order, and how much of it.

use std::ops::ControlFlow;

use super::{EventFilter, LogPage, StreamPage};
use crate::envelope::RecordedEvent;
use crate::version::{Position, Version};

/// The order in which a range is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the oldest event on.
    #[default]
    Forward,
    /// From the newest event back.
    Backward,
}

/// Which events of a stream to read: versions `after < version <= up_to`, at most `limit` of them.
///
/// ```
/// use es_core::Version;
/// use es_core::store::ReadStream;
///
/// let the_last = ReadStream::all().backward().limit(1);
/// let as_of_9 = ReadStream::all().up_to(Version::new(9));
/// # assert_eq!((the_last.up_to, as_of_9.after), (Version::MAX, Version::EMPTY));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadStream {
    /// Start after this version; backward, end before it.
    pub after: Version,
    /// End with this version; backward, start with it.
    pub up_to: Version,
    /// The order.
    pub direction: Direction,
    /// At most so many events, as rule 9 counts them.
    pub limit: usize,
    /// Only these events.
    pub filter: EventFilter,
}

/// Which events of the log to read: positions `after < position <= up_to`, at most `limit` events.
///
/// ```
/// use es_core::Position;
/// use es_core::store::ReadLog;
///
/// let checkpoint = Position::new(17);
/// let of_accounts = ReadLog::after(checkpoint).category("account").limit(100);
/// let newest_first = ReadLog::all().names(["money-deposited"]).backward().limit(10);
/// # assert_eq!((of_accounts.after, newest_first.limit), (checkpoint, 10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLog {
    /// Start after this position; backward, end before it.
    pub after: Position,
    /// End with this position; backward, start with it.
    pub up_to: Position,
    /// The order.
    pub direction: Direction,
    /// At most so many events, as rule 9 counts them.
    pub limit: usize,
    /// Only these events.
    pub filter: EventFilter,
}

macro_rules! range {
    ($range:ident, $place:ident, $first:ident, $page:ident, $end:ident, $what:literal, $noun:literal) => {
        impl $range {
            #[doc = concat!("The whole ", $what, ".")]
            pub const fn all() -> Self {
                Self::after($place::$first)
            }

            #[doc = concat!("What follows `", $noun, "`.")]
            pub const fn after(place: $place) -> Self {
                let (up_to, direction, limit) = ($place::MAX, Direction::Forward, usize::MAX);
                Self { after: place, up_to, direction, limit, filter: EventFilter::all() }
            }

            #[doc = concat!("Nothing beyond `", $noun, "`.")]
            #[must_use]
            pub const fn up_to(mut self, place: $place) -> Self {
                self.up_to = place;
                self
            }

            /// From the newest event of the range back; a limit then leaves the oldest out.
            #[must_use]
            pub const fn backward(mut self) -> Self {
                self.direction = Direction::Backward;
                self
            }

            /// At most `events` events.
            #[must_use]
            pub const fn limit(mut self, events: usize) -> Self {
                self.limit = events;
                self
            }

            /// Only the events that `filter` selects, instead of what was said before.
            #[must_use]
            pub fn filter(self, filter: EventFilter) -> Self {
                Self { filter, ..self }
            }

            /// Only events that are stored under these names, or under others that were given.
            #[must_use]
            pub fn names<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
                Self { filter: self.filter.names(names), ..self }
            }

            /// What is left of the range when it has been read [through](super::LogPage::through) there.
            #[must_use]
            pub const fn resume(mut self, through: $place) -> Self {
                match self.direction {
                    Direction::Forward => self.after = through,
                    Direction::Backward => self.up_to = through,
                }
                self
            }

            /// The page of a store whose events stand at each place from 1 to `end`; for implementors of stores.
            ///
            /// `look` is given one place after the other, no more than `most` in all, and gives the event there if the
            /// filter selects it.
            pub fn page(
                &self,
                end: $place,
                most: usize,
                mut look: impl FnMut($place) -> Option<RecordedEvent>,
            ) -> $page {
                let mut events = Vec::new();
                let page = self.walk(end, most, |place| {
                    let event = look(place);
                    let is_selected = event.is_some();
                    events.extend(event);
                    ControlFlow::Continue(is_selected)
                });
                $page { events, ..page }
            }

            /// As [`page`](Self::page), but `look` keeps the events, and says which of them the filter selects. It may
            /// break off; then the page goes through what comes before.
            pub fn walk(
                &self,
                end: $place,
                most: usize,
                mut look: impl FnMut($place) -> ControlFlow<(), bool>,
            ) -> $page {
                let (mut selected, mut through) = (0, self.start(end));
                let mut look_at = |place: u64, then: u64| -> ControlFlow<()> {
                    if selected == self.limit {
                        return ControlFlow::Break(());
                    }
                    selected += usize::from(look($place::new(place))?);
                    through = $place::new(then);
                    ControlFlow::Continue(())
                };
                let places = self.after.get()..self.up_to.min(end).get();
                let _ = match self.direction {
                    Direction::Forward => places.take(most).try_for_each(|before| look_at(before + 1, before + 1)),
                    Direction::Backward => places.rev().take(most).try_for_each(|before| look_at(before + 1, before)),
                };
                $page { events: Vec::new(), through, is_end: self.is_end(through, end), $end: end }
            }

            /// Where a page goes through that reads nothing, when the last event is at `end`; for implementors of stores.
            pub fn start(&self, end: $place) -> $place {
                match self.direction {
                    Direction::Forward => self.after,
                    Direction::Backward => self.up_to.min(end).max(self.after),
                }
            }

            /// Whether a page that goes through `through` is the end of the range, when the last event is at `end`; for
            /// implementors of stores.
            pub fn is_end(&self, through: $place, end: $place) -> bool {
                match self.direction {
                    Direction::Forward => through >= self.up_to.min(end),
                    Direction::Backward => through <= self.after,
                }
            }
        }
    };
}
range!(ReadStream, Version, EMPTY, StreamPage, version, "stream", "version");
range!(ReadLog, Position, START, LogPage, head, "log", "position");

impl ReadLog {
    /// Only events of streams of this category, or of others that were given.
    #[must_use]
    pub fn category(self, category: impl Into<String>) -> Self {
        Self { filter: self.filter.category(category), ..self }
    }

    /// Only events of streams of these categories, or of others that were given.
    #[must_use]
    pub fn categories<T: Into<String>>(self, categories: impl IntoIterator<Item = T>) -> Self {
        Self { filter: self.filter.categories(categories), ..self }
    }
}
