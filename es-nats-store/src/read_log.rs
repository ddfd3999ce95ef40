//! Reading the log: rules 8 to 11, 13 and 19 to 22. Its order is that of the JetStream stream.

use es_core::store::{Direction, LogPage, ReadLog};
use es_core::{Position, RecordedEvent};

use crate::commit::Commit;
use crate::error::NatsError;
use crate::fetch::Fetch;
use crate::js::Failure;
use crate::places;
use crate::read_stream::LOOKED_AT;
use crate::store::Shared;

/// How many messages a page that goes backward looks at first; then more and more.
const STEP: u64 = 128;

impl Shared {
    /// The sequence of the last message with events, as the leader has it; 0 if there is none.
    pub(crate) async fn head(&self) -> Result<u64, NatsError> {
        let (events, seen) = (self.names.of_events(), self.watch.head());
        let head = self
            .js
            .patiently(|| async {
                let head = self.js.last(&self.names.store, &events).await?.map_or(0, |last| last.sequence);
                // It had more before, so it is leader no more.
                if head < seen {
                    return Err(Failure::Passing("the server that answers is behind".to_owned()));
                }
                Ok(head)
            })
            .await?;
        self.watch.grown(head);
        Ok(head)
    }

    pub(crate) async fn read_log(&self, range: ReadLog) -> Result<LogPage, NatsError> {
        let head_sequence = self.head().await?;
        let head = places::last(head_sequence);
        let (from, to) = (range.after, range.up_to.min(head));
        let mut page = LogPage { events: Vec::new(), through: range.start(head), is_end: false, head };
        if range.limit > 0 && from < to {
            let subjects = match range.filter.selected_categories() {
                Some(mut categories) if categories.len() == 1 => {
                    categories.next().map(|category| self.names.of_category(category))
                }
                _ => None,
            };
            let (known, subjects) = match subjects {
                None => (head_sequence, self.names.of_events()),
                Some(subjects) => {
                    let last = self.js.last(&self.names.store, &subjects).await?;
                    (last.map_or(0, |last| last.sequence), subjects)
                }
            };
            let selected = Selected { subjects, known };
            match range.direction {
                Direction::Forward => self.log_forward(&selected, &range, (from, to), &mut page).await?,
                Direction::Backward => self.log_backward(&selected, &range, (from, to), &mut page).await?,
            }
        }
        page.is_end = range.is_end(page.through, head);
        Ok(page)
    }

    async fn log_forward(
        &self,
        selected: &Selected,
        range: &ReadLog,
        (from, to): (Position, Position),
        page: &mut LogPage,
    ) -> Result<(), NatsError> {
        let (first, last) = (places::first_after(from), places::sequence(to));
        let mut fetch = Fetch::new(&self.js, &self.names.store, &selected.subjects, first, selected.known);
        let mut looked_at = 0;
        'fetching: while !fetch.is_done() {
            let wanted = if range.filter.selected_names().is_some() { u64::MAX } else { range.limit as u64 };
            for stored in fetch.more(wanted.saturating_sub(page.events.len() as u64)).await? {
                if stored.sequence > last {
                    break 'fetching;
                }
                for event in Commit::decode(&self.names.store, stored.sequence, &stored.payload)?.events {
                    if event.position <= from || event.position > to {
                        continue;
                    }
                    if page.events.len() == range.limit || looked_at == LOOKED_AT {
                        return Ok(());
                    }
                    looked_at += 1;
                    page.through = event.position;
                    if range.filter.selects(&event.stream, &event.name) {
                        page.events.push(event);
                    }
                }
            }
        }
        page.through = to;
        Ok(())
    }

    async fn log_backward(
        &self,
        selected: &Selected,
        range: &ReadLog,
        (from, to): (Position, Position),
        page: &mut LogPage,
    ) -> Result<(), NatsError> {
        let lowest = places::first_after(from);
        let (mut upper, mut looked_at) = (places::sequence(to).min(selected.known), 0);
        let mut step = (range.limit as u64).min(STEP);
        while upper >= lowest {
            let lower = lowest.max((upper + 1).saturating_sub(step));
            let events = self.log_between(selected, (lower, upper)).await?;
            for event in events.into_iter().rev().filter(|event| event.position > from && event.position <= to) {
                if page.events.len() == range.limit || looked_at >= LOOKED_AT {
                    return Ok(());
                }
                looked_at += 1;
                page.through = Position::new(event.position.get() - 1);
                if range.filter.selects(&event.stream, &event.name) {
                    page.events.push(event);
                }
            }
            // Everything after the messages before has been seen.
            page.through = page.through.min(places::last(lower - 1)).max(from);
            if page.events.len() == range.limit && lower > lowest {
                return Ok(());
            }
            looked_at += upper - lower;
            (upper, step) = (lower - 1, step.saturating_mul(4).clamp(STEP, LOOKED_AT));
        }
        page.through = from;
        Ok(())
    }

    /// The events of the messages `lower` to `upper`, all of them.
    async fn log_between(
        &self,
        selected: &Selected,
        (lower, upper): (u64, u64),
    ) -> Result<Vec<RecordedEvent>, NatsError> {
        let mut fetch = Fetch::new(&self.js, &self.names.store, &selected.subjects, lower, selected.known);
        let mut events = Vec::new();
        while !fetch.is_done() {
            for stored in fetch.more(upper - lower + 1).await? {
                if stored.sequence > upper {
                    return Ok(events);
                }
                events.extend(Commit::decode(&self.names.store, stored.sequence, &stored.payload)?.events);
                if stored.sequence == upper {
                    return Ok(events);
                }
            }
        }
        Ok(events)
    }
}

/// Which messages are read.
struct Selected {
    subjects: String,
    /// The last of them that the leader has; 0 if there is none.
    known: u64,
}
