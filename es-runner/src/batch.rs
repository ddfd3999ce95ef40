//! One batch: what is read for it, what of it waits behind parked events, and what is told once it is done.

use std::panic::{AssertUnwindSafe, catch_unwind};

use es_core::store::{ParkedEvent, ReadError};
use es_core::{EventProcessor, EventRef, Position, RecordedEvent};

use crate::attempt::attempt;
use crate::driver::Driver;
use crate::lanes::Keyed;
use crate::options::OnFailure;
use crate::run::Run;
use crate::status::{Happened, State, Trend};
use crate::trouble::{Trouble, chain, unreadable};

/// How many pages in which nothing is for the processor are read before its checkpoint is moved.
const EMPTY_PAGES: usize = 16;

impl<P: EventProcessor + 'static> Driver<P> {
    /// Reads on until there is a batch, the end of the log, or much that is not for the processor.
    pub(crate) async fn gather(&mut self, run: &mut Run) -> Result<(), Trouble> {
        if run.mark.is_some_and(|mark| run.scanned > mark)
            && let Some(follows) = &self.follows
        {
            let at = follows.old.checkpoint().await?.unwrap_or_default().max(run.mark.unwrap_or_default());
            (follows.silence)(at);
            run.mark = Some(at);
        }
        let mut pages = 0;
        while run.pending.len() < run.size && !run.is_end && !run.is_unreadable && pages < EMPTY_PAGES {
            pages += 1;
            let mut page = self.shared.pages.after(self.reader, run.scanned, false).await;
            if matches!(page, Err(ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. })) {
                page = self.shared.pages.after(self.reader, run.scanned, true).await;
            }
            match page {
                Ok(page) => {
                    run.scanned = run.scanned.max(page.through);
                    (run.is_end, run.seen) = (page.is_end, page.seen);
                    run.pending.extend(page.events);
                }
                Err(error @ (ReadError::Upcast { .. } | ReadError::ContextUnavailable { .. })) => {
                    run.is_unreadable = true;
                    // What was read before it is done first.
                    if run.scanned <= run.checkpoint.unwrap_or_default() {
                        run.is_unreadable = false;
                        if let Some(trouble) = self.undecodable(run, error).await? {
                            return Err(trouble);
                        }
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The trouble with an event that the store cannot give; or none, if it is parked already.
    async fn undecodable(&mut self, run: &mut Run, error: ReadError) -> Result<Option<Trouble>, Trouble> {
        let position = self.shared.pages.unreadable(self.reader, run.scanned).await?;
        let Some(at) = position.and_then(|position| unreadable(&error, position)) else {
            return Ok(Some(error.into()));
        };
        if run.parked.contains(at.position) {
            run.scanned = at.position;
            return Ok(None);
        }
        Ok(Some(Trouble::Event { at: Some(at), errors: chain(&error) }))
    }

    /// Parks what stands behind a parked event, does the rest, and moves the checkpoint.
    pub(crate) async fn process(
        &mut self,
        run: &mut Run,
        cut: &[RecordedEvent],
        through: Position,
    ) -> Result<(), Trouble> {
        let mut free: Vec<Keyed> = Vec::new();
        for event in cut {
            let mut keys = if run.parked.contains(event.position) { continue } else { self.keys(event)? };
            if run.parked.blocks(event, &keys) {
                if run.parked.is_behind(event.position, event.stream.as_str()) {
                    keys.push(event.stream.as_str().to_owned());
                }
                self.park(run, &event.into(), keys, Vec::new(), 0).await?;
            } else {
                free.push((event.clone(), keys));
            }
        }
        let (lanes, expected) = (self.options.lanes, run.checkpoint);
        attempt(&self.processor, &mut self.tasks, free, lanes, expected, through).await
    }

    pub(crate) fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, Trouble> {
        let at = || Some(event.into());
        match catch_unwind(AssertUnwindSafe(|| self.processor.keys(event))) {
            Ok(Ok(keys)) => Ok(keys),
            Ok(Err(error)) => Err(Trouble::Event { at: at(), errors: chain(&error) }),
            Err(panic) => match Trouble::panic(&*panic) {
                Trouble::Event { errors, .. } => Err(Trouble::Event { at: at(), errors }),
                trouble => Err(trouble),
            },
        }
    }

    pub(crate) async fn park(
        &mut self,
        run: &mut Run,
        at: &EventRef,
        keys: Vec<String>,
        errors: Vec<String>,
        attempts: u32,
    ) -> Result<(), Trouble> {
        let (Some(store), OnFailure::Park(capacity)) = (&self.shared.failures, self.options.on_failure) else {
            return Err(Trouble::Full(vec!["it stands behind a parked event, and nothing is parked here".to_owned()]));
        };
        let now = self.shared.clock.now();
        let EventRef { position, stream, version, name } = at.clone();
        let event =
            ParkedEvent { position, stream, version, name, keys, errors, attempts, first_at: now, last_at: now };
        store.park_event(&self.board.name, run.parked.token, &event, capacity).await?;
        run.parked.add(position, &event.keys);
        let count = run.parked.count();
        self.board.update(|status| status.parked = count);
        self.board.tell(Happened::Parked { position, keys: event.keys });
        Ok(())
    }

    pub(crate) fn committed(&self, run: &mut Run, events: usize, behind: bool) {
        let (done, total) = (run.checkpoint.unwrap_or_default(), self.shared.pages.head());
        let oldest = run.pending.front().map(|event| event.recorded_at);
        self.board.update(|status| {
            let before = status.lag();
            (status.checkpoint, status.head) = (run.checkpoint, total.max(status.head));
            status.trend = Trend::between(before, status.lag());
            status.oldest_waiting = oldest;
            status.state = if behind { State::CatchingUp } else { State::Live };
        });
        let seconds = run.began.0.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        let distance = done.get().saturating_sub(run.began.1.get()) as f64;
        let per_second = if seconds > 0.0 { distance / seconds } else { 0.0 };
        self.board.tell(Happened::Committed { events, done, total, per_second });
        if run.rebuilt_at.is_some_and(|total| done >= total) {
            run.rebuilt_at = None;
            self.board.tell(Happened::Rebuilt);
        }
    }
}
