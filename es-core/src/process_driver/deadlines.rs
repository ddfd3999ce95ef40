//! Deadlines: which are pending, from the log; and reaching those that are due.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use super::ProcessDriver;
use super::error::ProcessError;
use super::react::ATTEMPTS;
use super::record::{self, Id, REACTED, Reached, Reacted};
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::id::EventId;
use crate::process::{Effect, ProcessManager};
use crate::store::{EventFilter, EventStore, ReadLog};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::Position;

/// How many events of the log are read at a time.
const PAGE: usize = 512;

/// What is due when, as far as the log has been read: an index, and no more than a hint where to look.
#[derive(Debug)]
pub(super) struct Agenda {
    seen: Position,
    by_due: BTreeSet<(Timestamp, StreamId, EventId, usize)>,
    by_process: HashMap<StreamId, Vec<Entry>>,
}

/// A deadline of a process.
#[derive(Debug)]
struct Entry {
    due: Timestamp,
    reaction: EventId,
    effect: usize,
    name: String,
}

impl Default for Agenda {
    fn default() -> Self {
        Self { seen: Position::START, by_due: BTreeSet::new(), by_process: HashMap::new() }
    }
}

impl Agenda {
    fn take(&mut self, recorded: &RecordedEvent, reacted: Reacted) {
        let (process, reaction) = (&recorded.stream, recorded.id);
        if let Reached::Deadline { reaction: of, effect: at } = reacted.to {
            self.drop_if(process, |entry| (entry.reaction, entry.effect) == (of.0, at));
        }
        for (index, effect) in reacted.effects.into_iter().enumerate() {
            match effect {
                Effect::SendCommand(_) => {}
                Effect::Schedule(deadline) => {
                    self.by_due.insert((deadline.due, process.clone(), reaction, index));
                    let entry = Entry { due: deadline.due, reaction, effect: index, name: deadline.name };
                    self.by_process.entry(process.clone()).or_default().push(entry);
                }
                Effect::Cancel { name } => {
                    self.drop_if(process, |entry| name.as_ref().is_none_or(|name| *name == entry.name));
                }
                Effect::End => self.drop_if(process, |_| true),
            }
        }
    }

    fn drop_if(&mut self, process: &StreamId, is_dropped: impl Fn(&Entry) -> bool) {
        let Some(entries) = self.by_process.get_mut(process) else { return };
        let by_due = &mut self.by_due;
        entries.retain(|entry| {
            let Entry { due, reaction, effect, .. } = entry;
            let is_dropped = is_dropped(entry);
            if is_dropped {
                by_due.remove(&(*due, process.clone(), *reaction, *effect));
            }
            !is_dropped
        });
        if entries.is_empty() {
            self.by_process.remove(process);
        }
    }
}

impl<P: ProcessManager, S: EventStore, C: Codec> ProcessDriver<P, S, C> {
    /// When the next deadline is due, which may be in the past; `None` if there is none.
    ///
    /// Looks at what the log has now; after each batch of events, ask again.
    /// The first call reads all reactions of these processes, each later one those that are new.
    ///
    /// # Errors
    /// See [`ProcessError`].
    pub async fn next_due(&self) -> Result<Option<Timestamp>, ProcessError> {
        self.read_agenda().await?;
        Ok(self.agenda(|agenda| agenda.by_due.first().map(|(due, ..)| *due)))
    }

    /// Lets processes react to the deadlines that are due by the clock, the longest due first, and says how many.
    ///
    /// Each is reached once, whoever else calls this, though two that call it at the same time may both count it.
    /// What the processes decide is done when the log is processed.
    /// One that fails stays due, and does not keep the others.
    ///
    /// # Errors
    /// The first that failed; all others have been reached.
    pub async fn fire_due(&self) -> Result<usize, ProcessError> {
        self.read_agenda().await?;
        let now = self.clock.now();
        let due = self.agenda(|agenda| {
            let due = agenda.by_due.iter().take_while(|(due, ..)| *due <= now);
            due.cloned().collect::<Vec<_>>()
        });
        let (mut fired, mut failed) = (0, None);
        for (_, process, reaction, effect) in due {
            match self.fire(&process, reaction, effect).await {
                Ok(true) => fired += 1,
                // Somebody else was here, or it had been dropped.
                Ok(false) => {}
                Err(error) => {
                    failed = failed.or(Some(error));
                    continue;
                }
            }
            self.agenda(|agenda| {
                agenda.drop_if(&process, |entry| (entry.reaction, entry.effect) == (reaction, effect));
            });
        }
        failed.map_or(Ok(fired), Err)
    }

    async fn fire(&self, process: &StreamId, reaction: EventId, effect: usize) -> Result<bool, ProcessError> {
        for _ in 0..ATTEMPTS {
            let mut history = self.history(process).await?;
            let pending = &history.process.deadlines;
            if !pending.iter().any(|deadline| (deadline.reaction, deadline.effect) == (reaction, effect)) {
                self.keep(history);
                return Ok(false);
            }
            let at = self.clock.now();
            let arrived = history.deadline(reaction, effect, at, history.process.version.next())?;
            let to = Reached::Deadline { reaction: Id(reaction), effect };
            let id = record::of_deadline(reaction, effect);
            let new = self.decide(&mut history, &arrived, to, id, at, false)?;
            if self.append(&history, vec![new]).await? {
                self.keep(history);
                return Ok(true);
            }
        }
        Err(ProcessError::Conflict { process: process.clone(), attempts: ATTEMPTS })
    }

    /// Reads what has been recorded since the last time.
    async fn read_agenda(&self) -> Result<(), ProcessError> {
        let filter = EventFilter::all().category(P::NAME).names([REACTED.as_str()]);
        loop {
            let seen = self.agenda(|agenda| agenda.seen);
            let page = self.store.read_log(ReadLog::after(seen).limit(PAGE).filter(filter.clone())).await;
            let page = page.map_err(|cause| ProcessError::Read { process: P::NAME.to_owned(), cause })?;
            let read: Result<Vec<_>, _> =
                page.events.iter().map(|event| Ok((event, record::read::<Reacted>(event)?))).collect();
            let read = read.map_err(ProcessError::Decode)?;
            self.agenda(|agenda| {
                // Another task may have been here with the same page.
                for (event, reacted) in read {
                    if event.position > agenda.seen {
                        agenda.take(event, reacted);
                        agenda.seen = event.position;
                    }
                }
                agenda.seen = agenda.seen.max(page.through);
            });
            if page.is_end || page.through <= seen {
                return Ok(());
            }
        }
    }

    fn agenda<T>(&self, look: impl FnOnce(&mut Agenda) -> T) -> T {
        // Nothing that holds the lock panics; if it did, what it left is no worse a hint.
        look(&mut self.agenda.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
