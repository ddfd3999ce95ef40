//! What a page must be, given all events there are: rules 8, 9, 13 and 19 to 22, decided by a plain search.

use std::fmt::Debug;

use es_core::store::{Direction, EventFilter, LogPage, ReadLog, ReadStream, StreamPage};
use es_core::{Position, RecordedEvent, Version};

use super::rules::{rule, same};

/// A read and its page, in plain numbers.
struct Read<'a> {
    after: u64,
    up_to: u64,
    direction: Direction,
    limit: usize,
    filter: &'a EventFilter,
    /// The page.
    events: &'a [RecordedEvent],
    through: u64,
    is_end: bool,
    /// The place of the last event there is.
    end: u64,
    what: &'a dyn Debug,
}

/// Checks a page of a stream that holds `all`.
pub(super) fn check_stream_page(all: &[RecordedEvent], range: &ReadStream, page: &StreamPage) {
    let end = all.last().map_or(Version::EMPTY, |event| event.version);
    same!(22, page.version, end, "the version of the stream in a page of {range:?}");
    let read = Read {
        after: range.after.get(),
        up_to: range.up_to.get(),
        direction: range.direction,
        limit: range.limit,
        filter: &range.filter,
        events: &page.events,
        through: page.through.get(),
        is_end: page.is_end,
        end: end.get(),
        what: range,
    };
    read.check(all, |event| event.version.get());
}

/// Checks a page of a log in which `all` are the events after `range.after` and up to `range.up_to`, and maybe others
/// outside. `range.up_to` is not beyond the head.
pub(super) fn check_log_page(all: &[RecordedEvent], range: &ReadLog, page: &LogPage) {
    let last = all.last().map_or(Position::START, |event| event.position);
    rule!(22, page.head >= last, "the head in a page of {range:?} is {}, but there is an event at {last}", page.head);
    let read = Read {
        after: range.after.get(),
        up_to: range.up_to.get(),
        direction: range.direction,
        limit: range.limit,
        filter: &range.filter,
        events: &page.events,
        through: page.through.get(),
        is_end: page.is_end,
        end: page.head.get(),
        what: range,
    };
    read.check(all, |event| event.position.get());
}

impl Read<'_> {
    fn check(&self, all: &[RecordedEvent], place: impl Fn(&RecordedEvent) -> u64) {
        let Self { after, through, what, .. } = *self;
        let last = self.up_to.min(self.end);
        let within = |event: &&RecordedEvent| place(event) > after && place(event) <= self.up_to;
        let any = all.iter().any(|event| within(&event));
        let selected = all.iter().filter(within).filter(|event| self.filter.selects(&event.stream, &event.name));
        let is_forward = self.direction == Direction::Forward;
        let mut meant: Vec<&RecordedEvent> = selected.collect();
        if !is_forward {
            meant.reverse();
        }
        let seen: Vec<u64> = self.events.iter().map(&place).collect();
        let places: Vec<u64> = meant.iter().map(|event| place(event)).collect();
        rule!(9, seen.len() <= self.limit, "{what:?} gave {} events", seen.len());
        for event in self.events {
            let at = place(event);
            rule!(9, at > after && at <= self.up_to, "{what:?} gave the event at {at}");
            let is_selected = self.filter.selects(&event.stream, &event.name);
            rule!(19, is_selected, "{what:?} gave `{}` of `{}`", event.name, event.stream);
        }
        if is_forward {
            rule!(8, seen.is_sorted_by(|one, next| one < next), "{what:?} gave places {seen:?}");
        } else {
            rule!(8, seen.is_sorted_by(|one, next| one > next), "{what:?} gave places {seen:?}");
        }
        let prefix = &places[..seen.len().min(places.len())];
        if is_forward {
            same!(13, seen, prefix, "the places that {what:?} gave");
            let covered: Vec<u64> = places.iter().copied().filter(|at| *at <= through).collect();
            same!(13, seen, covered, "what {what:?} gave, which goes through {through},");
            rule!(21, through <= last.max(after), "{what:?} goes through {through}, and the end is {last}");
            rule!(13, through >= after, "{what:?} goes back to {through}");
            same!(22, self.is_end, through >= last, "`is_end` of {what:?} through {through}, of {last},");
        } else {
            same!(20, seen, prefix, "the places that {what:?} gave");
            let covered: Vec<u64> = places.iter().copied().filter(|at| *at > through).collect();
            same!(13, seen, covered, "what {what:?} gave, which goes through {through},");
            let start = last.max(after);
            rule!(21, through <= start && through >= after, "{what:?} goes through {through}, and starts at {start}");
            same!(22, self.is_end, through <= after, "`is_end` of {what:?} through {through}");
        }
        for (event, meant) in self.events.iter().zip(meant) {
            same!(14, event, meant, "an event that {what:?} gave");
        }
        let start = if is_forward { after } else { last.max(after) };
        if self.limit == 0 {
            same!(21, through, start, "where {what:?} goes through, which reads nothing,");
        } else if any {
            rule!(13, through != start, "{what:?} does not advance from {start}");
            let found_nothing = seen.is_empty() && self.filter.is_all();
            rule!(13, !found_nothing, "{what:?} found nothing, though there are events and it has no filter");
        }
    }
}
