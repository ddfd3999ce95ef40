//! Reading a stream: rules 7 to 9, 12, 13 and 19 to 22.

use es_core::store::{Direction, ReadStream, StreamPage};
use es_core::{RecordedEvent, StreamId, Version};

use crate::commit::Commit;
use crate::error::NatsError;
use crate::fetch::Fetch;
use crate::store::Shared;
use crate::tails::Fresh;

/// How many events are looked at for one page.
pub(crate) const LOOKED_AT: u64 = 16_384;
/// How many events a page that goes backward looks at first; then more and more.
const STEP: u64 = 256;

impl Shared {
    pub(crate) async fn read_stream(&self, stream: &StreamId, range: ReadStream) -> Result<StreamPage, NatsError> {
        let fresh = self.tails.fresh(&self.js, &self.names, stream).await?;
        let version = fresh.tail.version;
        let (from, to) = (range.after.get(), range.up_to.min(version).get());
        let mut page = StreamPage { events: Vec::new(), through: range.start(version), is_end: false, version };
        if let Some(last) = fresh.last.as_ref().filter(|_| range.limit > 0 && from < to) {
            match range.direction {
                Direction::Forward => self.forward(stream, &fresh, last, &range, (from, to), &mut page).await?,
                Direction::Backward => self.backward(stream, &fresh, last, &range, (from, to), &mut page).await?,
            }
        }
        page.is_end = range.is_end(page.through, version);
        Ok(page)
    }

    async fn forward(
        &self,
        stream: &StreamId,
        fresh: &Fresh,
        last: &Commit,
        range: &ReadStream,
        (from, to): (u64, u64),
        page: &mut StreamPage,
    ) -> Result<(), NatsError> {
        if !range.filter.selects_stream(stream) {
            page.through = Version::new(to);
            return Ok(());
        }
        let to = to.min(from.saturating_add(LOOKED_AT));
        // Without a filter, each event looked at is one given.
        let to = if range.filter.is_all() { to.min(from.saturating_add(range.limit as u64)) } else { to };
        for event in self.versions(stream, fresh, last, (from, to)).await? {
            if page.events.len() == range.limit {
                return Ok(());
            }
            page.through = event.version;
            if range.filter.selects(stream, &event.name) {
                page.events.push(event);
            }
        }
        Ok(())
    }

    async fn backward(
        &self,
        stream: &StreamId,
        fresh: &Fresh,
        last: &Commit,
        range: &ReadStream,
        (from, to): (u64, u64),
        page: &mut StreamPage,
    ) -> Result<(), NatsError> {
        if !range.filter.selects_stream(stream) {
            page.through = range.after;
            return Ok(());
        }
        let lowest = from.max(to.saturating_sub(LOOKED_AT));
        let (mut upper, mut step) = (to, (range.limit as u64).min(STEP));
        while upper > lowest && page.events.len() < range.limit {
            let lower = lowest.max(upper.saturating_sub(step));
            for event in self.versions(stream, fresh, last, (lower, upper)).await?.into_iter().rev() {
                if page.events.len() == range.limit {
                    return Ok(());
                }
                page.through = Version::new(event.version.get() - 1);
                if range.filter.selects(stream, &event.name) {
                    page.events.push(event);
                }
            }
            (upper, step) = (lower, step.saturating_mul(4).max(STEP));
        }
        Ok(())
    }

    /// The events of a stream with `from < version <= to`, all of them.
    async fn versions(
        &self,
        stream: &StreamId,
        fresh: &Fresh,
        last: &Commit,
        (from, to): (u64, u64),
    ) -> Result<Vec<RecordedEvent>, NatsError> {
        let within = |event: &&RecordedEvent| (from + 1..=to).contains(&event.version.get());
        if last.first.get() <= from + 1 {
            return Ok(last.events.iter().filter(within).cloned().collect());
        }
        let (start, first) = self.commit_before(last, from + 1).await?;
        let mut events = Vec::new();
        let (subject, known) = (self.names.of_stream(stream), fresh.tail.sequence);
        let mut fetch = Fetch::new(&self.js, &self.names.store, &subject, start, known);
        let mut expected = first;
        while !fetch.is_done() {
            // As many messages as there are events is the most that is needed.
            for stored in fetch.more(to + 1 - expected.min(to)).await? {
                let commit = Commit::decode(&self.names.store, stored.sequence, &stored.payload)?;
                if commit.first.get() != expected {
                    let problem = format!(
                        "it begins at version {} of `{stream}`, not {expected}: events are missing",
                        commit.first
                    );
                    return Err(NatsError::Broken {
                        stream: self.names.store.clone(),
                        sequence: stored.sequence,
                        problem,
                    });
                }
                expected = commit.last().get() + 1;
                events.extend(commit.events.into_iter().filter(|event| within(&event)));
                if expected > to {
                    return Ok(events);
                }
            }
        }
        Ok(events)
    }

    /// A message that begins at or before a version and near it: its sequence, and the version that it begins with.
    async fn commit_before(&self, last: &Commit, version: u64) -> Result<(u64, u64), NatsError> {
        let mut milestones = last.milestones.clone();
        loop {
            let best = milestones.at_or_before(version);
            // A short way is read faster than it is found.
            let is_near = best.is_some_and(|(first, _)| version - first <= STEP) || version <= STEP;
            match milestones.towards(version).filter(|_| !is_near) {
                Some(sequence) => milestones = self.commit_at(sequence).await?.milestones,
                None => return Ok(best.map_or((1, 1), |(first, sequence)| (sequence, first))),
            }
        }
    }

    /// The message with that sequence, which is there.
    pub(crate) async fn commit_at(&self, sequence: u64) -> Result<Commit, NatsError> {
        let store = &self.names.store;
        let Some(stored) = self.js.at(store, sequence).await? else {
            let problem = "a later message says that it was there".to_owned();
            return Err(NatsError::Broken { stream: store.clone(), sequence, problem });
        };
        Commit::decode(store, sequence, &stored.payload)
    }
}
