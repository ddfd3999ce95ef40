//! What a processor does while it is active: gather a batch, cut it, process it, and deal with what goes wrong.
//!
//! A batch that fails for a reason that names no event is cut in half, again and again, until it has one event; so only
//! the event at fault is punished, and everything before it is done.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use es_core::store::{ParkedEvent, ReadError};
use es_core::{EventProcessor, EventRef, Position, RecordedEvent};
use tokio::time::Instant;

use crate::attempt::attempt;
use crate::command::Command;
use crate::driver::{Driver, Exit};
use crate::first::{First, first};
use crate::lanes::Keyed;
use crate::options::OnFailure;
use crate::pages::Seen;
use crate::parking::Parked;
use crate::status::{Happened, State, Stopped, Trend};
use crate::trouble::{Trouble, chain, unreadable};

/// How many pages in which nothing is for the processor are read before its checkpoint is moved.
const EMPTY_PAGES: usize = 16;
/// How often one that follows an older version looks where that is.
const GLANCE: Duration = Duration::from_millis(100);

/// Where an active processor is.
pub(crate) struct Run {
    pub(crate) checkpoint: Option<Position>,
    pub(crate) parked: Parked,
    /// What was read and is not done.
    pending: VecDeque<RecordedEvent>,
    /// Everything up to here was read.
    scanned: Position,
    is_end: bool,
    seen: Seen,
    /// How many events are tried at once; less than a batch while one of them fails.
    size: usize,
    /// How often the store failed since something went well.
    failures: u32,
    /// The event that failed, and how often.
    culprit: Option<(Position, u32)>,
    /// Whether the next event cannot be read.
    is_unreadable: bool,
    /// Up to where an older version is; `None` if there is none.
    mark: Option<Position>,
    /// When and where the rate of progress begins.
    began: (Instant, Position),
    /// Where a rebuild ends.
    rebuilt_at: Option<Position>,
}

/// What is next.
pub(crate) enum Next {
    Step,
    /// Find out where the processor is, and what is parked.
    Load,
    Exit(Exit),
}

impl Run {
    fn at(checkpoint: Option<Position>, parked: Parked, size: usize, mark: Option<Position>) -> Self {
        let scanned = checkpoint.unwrap_or_default();
        Self {
            checkpoint,
            parked,
            pending: VecDeque::new(),
            scanned,
            is_end: false,
            seen: Seen::default(),
            size,
            failures: 0,
            culprit: None,
            is_unreadable: false,
            mark,
            began: (Instant::now(), scanned),
            rebuilt_at: None,
        }
    }

    /// The events to try next, and how far the log is done with them; whole positions, and nothing beyond the mark.
    fn cut(&self) -> (Vec<RecordedEvent>, Position) {
        let mark = self.mark.unwrap_or(Position::MAX);
        let mut cut: Vec<RecordedEvent> = Vec::new();
        for event in &self.pending {
            let is_split = cut.last().is_some_and(|last| last.position == event.position);
            if event.position > mark || (cut.len() >= self.size && !is_split) {
                // Up to here nothing is for the processor, but what is in the cut.
                let before = Position::new(event.position.get() - 1);
                let through = cut.last().map_or(before.min(mark), |last| last.position);
                return (cut, through);
            }
            cut.push(event.clone());
        }
        (cut, self.scanned.min(mark))
    }

    fn done(&mut self, events: usize, through: Position, batch: usize) {
        self.pending.drain(..events);
        self.checkpoint = Some(through);
        self.size = self.size.saturating_mul(2).min(batch);
        (self.failures, self.culprit) = (0, None);
    }
}

impl<P: EventProcessor + 'static> Driver<P> {
    pub(crate) async fn active(&mut self) -> Exit {
        let (mut loads, mut rebuilt_at) = (0, None);
        loop {
            self.board.set(State::Starting);
            let mut run = match self.load().await {
                Ok(Ok(run)) => run,
                Ok(Err(exit)) => return exit,
                Err(trouble) => {
                    loads += 1;
                    let errors = match trouble {
                        Trouble::Store(errors) | Trouble::Full(errors) | Trouble::Event { errors, .. } => errors,
                        Trouble::Superseded => vec!["another instance has claimed it".to_owned()],
                    };
                    let wait = self.troubled(loads, errors);
                    if !self.stop.sleep(wait).await {
                        return Exit::Ended;
                    }
                    continue;
                }
            };
            run.rebuilt_at = rebuilt_at;
            let began = run.checkpoint;
            loop {
                match self.step(&mut run).await {
                    Next::Step => {}
                    Next::Load => break,
                    Next::Exit(exit) => return exit,
                }
            }
            rebuilt_at = run.rebuilt_at;
            self.board.tell(Happened::Superseded);
            // Two that take turns in superseding each other make room for each other.
            loads = if run.checkpoint > began { 1 } else { loads + 1 };
            if !self.stop.sleep(self.shared.delay(self.options.backoff, loads)).await {
                return Exit::Ended;
            }
        }
    }

    /// Finds out where the processor is. What is parked is claimed first, so that nothing is added to it afterwards.
    async fn load(&mut self) -> Result<Result<Run, Exit>, Trouble> {
        let parked = match &self.shared.failures {
            Some(store) => Parked::claim(&**store, &self.board.name).await?,
            None => Parked::default(),
        };
        let checkpoint = self.processor.checkpoint().await?;
        if let Some((by, newer)) = &self.followed_by
            && newer.checkpoint().await? > checkpoint
        {
            return Ok(Err(Exit::Stopped(Stopped::Replaced { by: by.clone() })));
        }
        let mut mark = None;
        if let Some(follows) = &self.follows {
            let old = follows.old.checkpoint().await?;
            // Once it is ahead, it has taken over.
            if checkpoint <= old {
                let at = old.unwrap_or_default();
                (follows.silence)(at);
                mark = Some(at);
            }
        }
        let count = parked.count();
        self.board.update(|status| (status.checkpoint, status.parked) = (checkpoint, count));
        Ok(Ok(Run::at(checkpoint, parked, self.options.batch, mark)))
    }

    async fn step(&mut self, run: &mut Run) -> Next {
        if self.stop.is_asked() {
            return Next::Exit(Exit::Ended);
        }
        if let Ok(command) = self.commands.try_recv() {
            return self.command(run, command).await;
        }
        if let Err(trouble) = self.gather(run).await {
            return self.deal_with(run, &[], trouble).await;
        }
        let (cut, through) = run.cut();
        if through <= run.checkpoint.unwrap_or_default() {
            return self.wait(run).await;
        }
        let behind = !run.is_end || run.pending.len() > cut.len();
        let oldest = cut.first().map(|event| event.recorded_at);
        self.board.update(|status| {
            let is_starting = status.state == State::Starting;
            if is_starting || (behind && !matches!(status.state, State::Retrying { .. })) {
                status.state = State::CatchingUp;
            }
            (status.head, status.oldest_waiting) = (run.seen.head.max(status.head), oldest.or(status.oldest_waiting));
        });
        match self.process(run, &cut, through).await {
            Ok(()) => {
                run.done(cut.len(), through, self.options.batch);
                self.committed(run, cut.len(), behind);
                Next::Step
            }
            Err(trouble) => self.deal_with(run, &cut, trouble).await,
        }
    }

    /// Reads on until there is a batch, the end of the log, or much that is not for the processor.
    async fn gather(&mut self, run: &mut Run) -> Result<(), Trouble> {
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
    async fn process(&mut self, run: &mut Run, cut: &[RecordedEvent], through: Position) -> Result<(), Trouble> {
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

    async fn park(
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

    fn committed(&self, run: &mut Run, events: usize, behind: bool) {
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

    /// Waits until there is something to do.
    async fn wait(&mut self, run: &mut Run) -> Next {
        let is_held_back = run.mark.is_some_and(|mark| run.scanned > mark);
        if run.is_unreadable && !is_held_back {
            // What stands before it is done.
            run.is_unreadable = false;
            return Next::Step;
        }
        if !run.is_end && !is_held_back {
            return Next::Step;
        }
        let head = self.shared.pages.head();
        self.board.update(|status| {
            status.state = State::Live;
            status.head = head.max(status.head);
            status.oldest_waiting = run.pending.front().map(|event| event.recorded_at);
            status.trend = Trend::Steady;
        });
        let more = async {
            if is_held_back {
                tokio::time::sleep(GLANCE).await;
            } else {
                self.shared.pages.grown(run.seen).await;
                run.is_end = false;
            }
        };
        match first(first(more, self.stop.asked()), self.commands.recv()).await {
            First::One(_) => {}
            First::Other(Some(command)) => return self.command(run, command).await,
            First::Other(None) => self.stop.asked().await,
        }
        Next::Step
    }

    /// Tries again, tries less, punishes the event at fault, or gives up.
    async fn deal_with(&mut self, run: &mut Run, cut: &[RecordedEvent], trouble: Trouble) -> Next {
        match trouble {
            Trouble::Superseded => Next::Load,
            Trouble::Full(errors) => Next::Exit(Exit::Stopped(Stopped::Failed { at: None, errors })),
            Trouble::Store(errors) => {
                run.failures += 1;
                let wait = self.troubled(run.failures, errors);
                self.stop.sleep(wait).await;
                Next::Step
            }
            Trouble::Event { at, errors } => {
                // One that is not in the batch says nothing about it.
                let at = at.filter(|at| cut.is_empty() || cut.iter().any(|event| event.position == at.position));
                let at = at.or_else(|| match cut {
                    [one, rest @ ..] if rest.iter().all(|event| event.position == one.position) => Some(one.into()),
                    _ => None,
                });
                let before = at.as_ref().map(|at| cut.iter().take_while(|event| event.position < at.position).count());
                match (at, before) {
                    // Those before it can be done.
                    (Some(_), Some(before @ 1..)) if before < cut.len() => {
                        run.size = before;
                        Next::Step
                    }
                    (Some(at), Some(0)) => self.blame(run, at, errors).await,
                    _ if cut.len() > 1 => {
                        run.size = cut.len() / 2;
                        Next::Step
                    }
                    _ => Next::Exit(Exit::Stopped(Stopped::Failed { at: None, errors })),
                }
            }
        }
    }

    /// An event has failed by itself.
    async fn blame(&mut self, run: &mut Run, at: EventRef, errors: Vec<String>) -> Next {
        let before = run.culprit.filter(|(position, _)| *position == at.position).map_or(0, |(_, failed)| failed);
        let failed = before + 1;
        run.culprit = Some((at.position, failed));
        if failed <= self.options.retries {
            let wait = self.troubled(failed, errors);
            self.stop.sleep(wait).await;
            return Next::Step;
        }
        self.board.tell(Happened::Failed { errors: errors.clone() });
        if !matches!(self.options.on_failure, OnFailure::Park(_)) {
            return Next::Exit(Exit::Stopped(Stopped::Failed { at: Some(at), errors }));
        }
        let mut keys = Vec::new();
        for event in run.pending.iter().filter(|event| event.position == at.position) {
            // What cannot be read is about its stream.
            keys.extend(self.keys(event).unwrap_or_else(|_| vec![at.stream.as_str().to_owned()]));
        }
        if keys.is_empty() {
            keys.push(at.stream.as_str().to_owned());
            // The log does not give it, so reading goes on behind it.
            run.scanned = run.scanned.max(at.position);
        }
        match self.park(run, &at, keys, errors.clone(), failed).await {
            Ok(()) => Next::Step,
            Err(Trouble::Superseded) => Next::Load,
            Err(Trouble::Store(store)) => {
                run.failures += 1;
                let wait = self.troubled(run.failures, store);
                self.stop.sleep(wait).await;
                Next::Step
            }
            Err(Trouble::Full(mut full) | Trouble::Event { errors: mut full, .. }) => {
                full.extend(errors);
                Next::Exit(Exit::Stopped(Stopped::Failed { at: Some(at), errors: full }))
            }
        }
    }

    async fn command(&mut self, run: &mut Run, command: Command) -> Next {
        match command {
            Command::Retry { key, reply } => {
                let (retried, next) = self.retry(run, &key).await;
                let _ = reply.send(retried);
                next
            }
            Command::Discard { key, reply } => {
                let (discarded, next) = self.discard(run, &key).await;
                let _ = reply.send(discarded);
                next
            }
            Command::Rebuild { reply } => {
                let (rebuilt, next) = self.rebuild(run).await;
                let _ = reply.send(rebuilt);
                next
            }
            Command::Stop { why, reply } => {
                let _ = reply.send(Ok(run.checkpoint));
                Next::Exit(Exit::Stopped(why))
            }
            Command::Resume { reply } => {
                let _ = reply.send(Ok(()));
                Next::Step
            }
            Command::Promote { mark, reply } => {
                run.mark = None;
                self.board.tell(Happened::Promoted { mark });
                let _ = reply.send(Ok(()));
                Next::Step
            }
        }
    }

    /// Begins again at `checkpoint`, as one that has done nothing since.
    pub(crate) fn begin_again(&self, run: &mut Run, parked: Parked, rebuilt_at: Position) {
        let mark = run.mark;
        *run = Run::at(None, parked, self.options.batch, mark);
        run.rebuilt_at = Some(rebuilt_at);
        let count = run.parked.count();
        self.board.update(|status| {
            (status.checkpoint, status.parked, status.state) = (None, count, State::CatchingUp);
        });
    }
}
