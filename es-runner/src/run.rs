//! What a processor does while it is active: it gathers a batch, cuts it, has it processed, and waits for more.
//!
//! What is in a step is told in `batch`, and what is done where one goes wrong in `blame`.

use std::collections::VecDeque;
use std::time::Duration;

use es_core::{EventProcessor, Position, RecordedEvent};
use tokio::time::Instant;

use crate::command::Command;
use crate::driver::{Driver, Exit};
use crate::first::{First, first};
use crate::pages::Seen;
use crate::parking::Parked;
use crate::status::{Happened, State, Stopped, Trend};
use crate::trouble::Trouble;

/// How often one that follows an older version looks where that is.
const GLANCE: Duration = Duration::from_millis(100);

/// Where an active processor is.
pub(crate) struct Run {
    pub(crate) checkpoint: Option<Position>,
    pub(crate) parked: Parked,
    /// What was read and is not done.
    pub(crate) pending: VecDeque<RecordedEvent>,
    /// Everything up to here was read.
    pub(crate) scanned: Position,
    pub(crate) is_end: bool,
    pub(crate) seen: Seen,
    /// How many events are tried at once; less than a batch while one of them fails.
    pub(crate) size: usize,
    /// How often the store failed since something went well.
    pub(crate) failures: u32,
    /// The event that failed, and how often.
    pub(crate) culprit: Option<(Position, u32)>,
    /// Whether the next event cannot be read.
    pub(crate) is_unreadable: bool,
    /// Up to where an older version is; `None` if there is none.
    pub(crate) mark: Option<Position>,
    /// When and where the rate of progress begins.
    pub(crate) began: (Instant, Position),
    /// Where a rebuild ends.
    pub(crate) rebuilt_at: Option<Position>,
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
                    match first(self.commands.recv(), self.stop.sleep(wait)).await {
                        First::One(Some(command)) => {
                            if let Some(why) = command.while_idle(&self.board.name) {
                                return Exit::Stopped(why);
                            }
                        }
                        First::Other(true) => {}
                        First::One(None) | First::Other(false) => return Exit::Ended,
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
        if let Some(follows) = self.follows.as_ref().filter(|_| !self.is_promoted) {
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
                self.is_promoted = true;
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
