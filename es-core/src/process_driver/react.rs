//! Reacting: the stream of the process is folded, the process decides, and that is appended before anything is done.

use super::ProcessDriver;
use super::error::ProcessError;
use super::history::{Arrived, History, ProcessState};
use super::record::{self, REACTED, Reached, Reacted, StoredEvent};
use crate::codec::Codec;
use crate::envelope::{NewEvent, RecordedEvent};
use crate::id::EventId;
use crate::process::{Correlation, Effect, ProcessManager, ReactionError, Role, Step};
use crate::store::{AppendError, EventStore, ReadStream, StreamPage};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{ExpectedVersion, Version};

/// How many events of a process are read at a time.
const PAGE: usize = 512;
/// How often a process reacts anew because others were faster.
pub(super) const ATTEMPTS: u32 = 10;

impl<P: ProcessManager, S: EventStore, C: Codec> ProcessDriver<P, S, C> {
    /// The process as its stream tells it; one that was never started is at version 0.
    ///
    /// # Errors
    /// See [`ProcessError`].
    pub async fn load(&self, id: &P::Id) -> Result<ProcessState<P>, ProcessError>
    where
        P::Id: Sync,
    {
        let stream = StreamId::new(P::NAME, id);
        let stream = stream.map_err(|cause| ProcessError::Id { process: P::NAME, cause })?;
        Ok(self.folded(&stream).await?.process)
    }

    /// The process as its stream tells it, from what is remembered on if the log bears that out.
    pub(super) async fn history(&self, stream: &StreamId) -> Result<History<P>, ProcessError> {
        if let Some(history) = self.memory.take(stream)
            && let Some(history) = self.read_on(history).await?
        {
            return Ok(history);
        }
        self.folded(stream).await
    }

    /// Remembers a process: one that was read, or whose decisions have been appended.
    pub(super) fn keep(&self, history: History<P>) {
        self.memory.keep(history);
    }

    /// What the log has after a history; `None` if it does not have what is in it.
    async fn read_on(&self, history: History<P>) -> Result<Option<History<P>>, ProcessError> {
        let (version, Some(last)) = (history.process.version, history.last()) else { return Ok(None) };
        // The last event that is known is read again: if it is another, this is another log.
        let before = Version::new(version.get().saturating_sub(1));
        let page = self.page(&history.process.stream, before).await?;
        if page.events.first().is_none_or(|event| (event.version, event.id) != (version, last)) {
            return Ok(None);
        }
        let history = self.read_from(history, page, 1).await?;
        Ok(history.is_read().then_some(history))
    }

    async fn folded(&self, stream: &StreamId) -> Result<History<P>, ProcessError> {
        let page = self.page(stream, Version::EMPTY).await?;
        self.read_from(History::new(stream.clone()), page, 0).await
    }

    /// Takes in the rest of the stream, of which this is the first page, and of that all but the first events.
    async fn read_from(
        &self,
        mut history: History<P>,
        mut page: StreamPage,
        known: usize,
    ) -> Result<History<P>, ProcessError> {
        let mut skipped = known;
        loop {
            for recorded in page.events.iter().skip(std::mem::take(&mut skipped)) {
                history.replay(&self.codec, recorded)?;
            }
            if page.is_end {
                return Ok(history);
            }
            let after = page.through;
            page = self.page(&history.process.stream, after).await?;
            if page.through <= after {
                return Ok(history);
            }
        }
    }

    async fn page(&self, stream: &StreamId, after: Version) -> Result<StreamPage, ProcessError> {
        let page = self.store.read_stream(stream, ReadStream::after(after).limit(PAGE)).await;
        page.map_err(|cause| ProcessError::Read { process: stream.to_string(), cause })
    }

    /// The stream of the process that an event belongs to.
    pub(super) fn process_of(&self, event: &RecordedEvent) -> Result<Option<(StreamId, Correlation)>, ProcessError> {
        let Some(correlation) = P::correlate(&self.codec, event)? else { return Ok(None) };
        match StreamId::new(P::NAME, &correlation.id) {
            Ok(stream) => Ok(Some((stream, correlation))),
            Err(cause) => Err(ProcessError::Key { event: event.name.clone(), cause }),
        }
    }

    /// Lets the process react to an event, unless it has done so.
    pub(super) async fn react_to(
        &self,
        stream: &StreamId,
        correlation: &Correlation,
        event: &RecordedEvent,
        part: u32,
    ) -> Result<(), ProcessError> {
        let reaction = record::of_event(stream, event.id, part);
        for _ in 0..ATTEMPTS {
            let mut history = self.history(stream).await?;
            if history.has_reacted(reaction) || !is_wanted(&history.process, correlation.role, event)? {
                self.keep(history);
                return Ok(());
            }
            let arrived = history.event(event.clone());
            let to = Reached::Event(StoredEvent::of(event, part));
            let new = self.decide(&mut history, &arrived, to, reaction, self.clock.now(), correlation.ends)?;
            if self.append(&history, vec![new]).await? {
                self.keep(history);
                return Ok(());
            }
        }
        Err(ProcessError::Conflict { process: stream.clone(), attempts: ATTEMPTS })
    }

    /// Lets the process react, notes that in its history, and says what is to be appended.
    pub(super) fn decide(
        &self,
        history: &mut History<P>,
        arrived: &Arrived,
        to: Reached,
        reaction: EventId,
        at: Timestamp,
        ends: bool,
    ) -> Result<NewEvent, ProcessError> {
        let failed = |cause| ProcessError::Reaction {
            process: arrived.trigger.process.clone(),
            input: arrived.event.name.clone(),
            cause,
        };
        let decided = history.take(&self.codec, arrived, Step::React)?.unwrap_or_default();
        let mut effects = decided.into_effects().map_err(failed)?;
        if ends {
            effects.push(Effect::End);
        }
        let metadata = arrived.event.follow_up();
        let reacted = Reacted { to, effects };
        let new = record::record(REACTED, reaction, at, metadata.clone(), &reacted);
        let new = new.map_err(|cause| failed(ReactionError::Encode { name: "process-reacted", cause }))?;
        history.decided(reaction, at, metadata, reacted.effects);
        Ok(new)
    }

    /// Appends to the stream of the process; `false` if somebody else has.
    pub(super) async fn append(&self, history: &History<P>, events: Vec<NewEvent>) -> Result<bool, ProcessError> {
        let ProcessState { stream, version, .. } = &history.process;
        let expected = match *version {
            Version::EMPTY => ExpectedVersion::NoStream,
            version => ExpectedVersion::Exact(version),
        };
        match self.store.append(stream, expected, events).await {
            Ok(_) => Ok(true),
            Err(AppendError::Conflict { .. }) => Ok(false),
            // The ids follow from the input, so this is what another instance has made of it.
            Err(AppendError::EventIdStored { stored_in, .. }) if stored_in == *stream => Ok(false),
            Err(error) => Err(ProcessError::Append(error)),
        }
    }
}

/// Whether the event is for the process as it is.
fn is_wanted<P>(process: &ProcessState<P>, role: Role, event: &RecordedEvent) -> Result<bool, ProcessError> {
    let (process, event) = match (role, process.version > Version::EMPTY, process.is_ended) {
        (Role::Start | Role::StartOrContinue, false, _)
        | (Role::StartOrContinue | Role::ContinueOrIgnore | Role::ContinueOrFail, true, false) => return Ok(true),
        (Role::ContinueOrIgnore, ..) => return Ok(false),
        (Role::StartOrContinue | Role::ContinueOrFail, true, true) => {
            return Err(ProcessError::Ended { process: process.stream.clone(), event: event.name.clone() });
        }
        _ => (process.stream.clone(), event.name.clone()),
    };
    Err(match role {
        Role::Start => ProcessError::AlreadyStarted { process, event },
        _ => ProcessError::NotStarted { process, event },
    })
}
