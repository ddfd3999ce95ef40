//! The fold of a process: its state, what it has reacted to, and what it has decided, from its stream alone.

use std::collections::HashMap;

use super::error::ProcessError;
use super::record::{self, DISPATCHED, Dispatched, Outcome, REACTED, Reached, Reacted};
use crate::codec::Codec;
use crate::decode_error::{DecodeError, DecodeReason};
use crate::envelope::RecordedEvent;
use crate::id::EventId;
use crate::metadata::Metadata;
use crate::name::EventName;
use crate::process::{
    Effect, Input, JsonText, ProcessManager, Reaction, ScheduledDeadline, SentCommand, Step, Trigger,
};
use crate::stream::StreamId;
use crate::time::Timestamp;
use crate::version::{Position, Version};

/// A process as its stream tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessState<P> {
    /// Its stream.
    pub stream: StreamId,
    /// The version of its stream; [empty](Version::EMPTY), if it was never started.
    pub version: Version,
    /// What it remembers.
    pub state: P,
    /// Whether it is over.
    pub is_ended: bool,
    /// The deadlines that it has, in the order in which they are due.
    pub deadlines: Vec<PendingDeadline>,
}

/// A deadline that has been neither reached nor cancelled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingDeadline {
    /// From when on it is due.
    pub due: Timestamp,
    /// The reaction that set it.
    pub reaction: EventId,
    /// Its place among the effects of that reaction.
    pub effect: usize,
    /// Its stored name.
    pub name: String,
}

/// All that the stream of a process says.
pub(super) struct History<P> {
    pub(super) process: ProcessState<P>,
    position: Position,
    /// The last event that was read.
    last: Option<EventId>,
    reactions: HashMap<EventId, Decided>,
    dispatched: HashMap<EventId, Vec<Outcome>>,
    /// How many reactions were decided here, and have not been read back.
    unread: usize,
}

/// What was decided by one reaction.
struct Decided {
    /// When it was decided here; `None`, if it was read.
    at: Option<Timestamp>,
    version: Version,
    position: Position,
    metadata: Metadata,
    effects: Vec<Effect>,
}

/// An input with what it refers to.
pub(super) struct Arrived {
    pub(super) event: RecordedEvent,
    pub(super) trigger: Trigger,
    kind: Kind,
}

enum Kind {
    Event,
    Deadline,
    Rejected { aggregate: String, reason: String },
}

impl<P: ProcessManager> History<P> {
    pub(super) fn new(stream: StreamId) -> Self {
        let process = ProcessState {
            stream,
            version: Version::EMPTY,
            state: P::default(),
            is_ended: false,
            deadlines: Vec::new(),
        };
        let (position, last) = (Position::START, None);
        Self { process, position, last, reactions: HashMap::new(), dispatched: HashMap::new(), unread: 0 }
    }

    /// The last event that was read; `None` if nothing was.
    pub(super) fn last(&self) -> Option<EventId> {
        self.last
    }

    /// Whether all that was decided here has been found in the log.
    pub(super) fn is_read(&self) -> bool {
        self.unread == 0
    }

    pub(super) fn has_reacted(&self, reaction: EventId) -> bool {
        self.reactions.contains_key(&reaction)
    }

    pub(super) fn outcomes(&self, reaction: EventId) -> Option<&[Outcome]> {
        self.dispatched.get(&reaction).map(Vec::as_slice)
    }

    /// Takes in the next event of the stream.
    pub(super) fn replay<C: Codec>(&mut self, codec: &C, recorded: &RecordedEvent) -> Result<(), ProcessError> {
        if let Some(decided) = self.reactions.get_mut(&recorded.id) {
            // It was decided here: the state has it, and only now it is known where it stands.
            (decided.version, decided.position) = (recorded.version, recorded.position);
            // Unless somebody else was faster, whose record answers for ours: then it is never found.
            if decided.at == Some(recorded.recorded_at) {
                self.unread = self.unread.saturating_sub(1);
            }
        } else if recorded.name == REACTED {
            let Reacted { to, effects } = record::read(recorded)?;
            let arrived = match to {
                Reached::Event(stored) => self.event(stored.event(recorded)?),
                Reached::Deadline { reaction, effect } => {
                    self.deadline(reaction.0, effect, recorded.recorded_at, recorded.version)?
                }
                Reached::Rejected { reaction, effect, reason } => {
                    self.rejected(reaction.0, effect, reason, recorded.recorded_at, recorded.version)?
                }
            };
            self.take(codec, &arrived, Step::Apply)?;
            (self.process.version, self.position) = (recorded.version, recorded.position);
            self.noted(recorded.id, None, recorded.metadata.clone(), effects);
        } else if recorded.name == DISPATCHED {
            let Dispatched { reaction, outcomes } = record::read_dispatched(recorded)?;
            self.dispatched.insert(reaction.0, outcomes);
        } else {
            return Err(DecodeError::new(recorded, DecodeReason::UnknownEvent).into());
        }
        (self.process.version, self.position, self.last) = (recorded.version, recorded.position, Some(recorded.id));
        Ok(())
    }

    /// An event of the log, as an input.
    pub(super) fn event(&self, event: RecordedEvent) -> Arrived {
        let trigger = Trigger {
            process: self.process.stream.clone(),
            stream: event.stream.clone(),
            at: event.recorded_at,
            metadata: event.metadata.clone(),
        };
        Arrived { event, trigger, kind: Kind::Event }
    }

    /// A deadline that is reached `at` some time, as an input; `version` is where that stands or will stand.
    pub(super) fn deadline(
        &self,
        reaction: EventId,
        effect: usize,
        at: Timestamp,
        version: Version,
    ) -> Result<Arrived, ProcessError> {
        let set = self.effect(reaction, effect).and_then(|(decided, effect)| match effect {
            Effect::Schedule(deadline) => Some((decided, deadline)),
            _ => None,
        });
        let Some((decided, ScheduledDeadline { name, schema_version, payload, .. })) = set else {
            return Err(self.dangling(reaction, version));
        };
        let event = self.own(decided, reaction, name, *schema_version, at, payload);
        let event = event.ok_or_else(|| self.dangling(reaction, version))?;
        let trigger = Trigger {
            process: self.process.stream.clone(),
            stream: self.process.stream.clone(),
            at,
            metadata: event.metadata.clone(),
        };
        Ok(Arrived { event, trigger, kind: Kind::Deadline })
    }

    /// The refusal of a command, noted `at` some time, as an input; `version` is where that stands or will stand.
    pub(super) fn rejected(
        &self,
        reaction: EventId,
        effect: usize,
        reason: String,
        at: Timestamp,
        version: Version,
    ) -> Result<Arrived, ProcessError> {
        let sent = self.effect(reaction, effect).and_then(|(decided, effect)| match effect {
            Effect::SendCommand(command) => Some((decided, command)),
            _ => None,
        });
        let Some((decided, SentCommand { aggregate, id, command, schema_version, payload })) = sent else {
            return Err(self.dangling(reaction, version));
        };
        let event = self.own(decided, reaction, command, *schema_version, at, payload);
        let (Some(event), Ok(stream)) = (event, StreamId::new(aggregate, id)) else {
            return Err(self.dangling(reaction, version));
        };
        let trigger = Trigger { process: self.process.stream.clone(), stream, at, metadata: event.metadata.clone() };
        Ok(Arrived { event, trigger, kind: Kind::Rejected { aggregate: aggregate.clone(), reason } })
    }

    /// The commands of a reaction, each with its place among the effects and as what can be read.
    pub(super) fn commands(&self, reaction: EventId) -> Option<Vec<(usize, SentCommand, RecordedEvent)>> {
        let decided = self.reactions.get(&reaction)?;
        let sent = decided.effects.iter().enumerate().filter_map(|(index, effect)| match effect {
            Effect::SendCommand(command) => Some((index, command)),
            _ => None,
        });
        sent.map(|(index, command)| {
            let at = Timestamp::UNIX_EPOCH;
            let event = self.own(decided, reaction, &command.command, command.schema_version, at, &command.payload)?;
            Some((index, command.clone(), event))
        })
        .collect()
    }

    /// Applies an input, and reacts to it if the step says so.
    pub(super) fn take<C: Codec>(
        &mut self,
        codec: &C,
        arrived: &Arrived,
        step: Step,
    ) -> Result<Option<Reaction<P>>, ProcessError> {
        let Arrived { event, trigger, kind } = arrived;
        let input = match kind {
            Kind::Event => Input::Event(event),
            Kind::Deadline => Input::Deadline(event),
            Kind::Rejected { aggregate, reason } => Input::Rejected { command: event, aggregate, reason },
        };
        self.process.state.receive(codec, &input, trigger, step).map_err(|cause| match kind {
            Kind::Event => ProcessError::Decode(cause),
            Kind::Deadline => ProcessError::unreadable_deadline(event, cause),
            Kind::Rejected { aggregate, .. } => ProcessError::unreadable_command(event, aggregate, cause),
        })
    }

    /// Notes what is decided here and now, before the log has it.
    pub(super) fn decided(&mut self, reaction: EventId, at: Timestamp, metadata: Metadata, effects: Vec<Effect>) {
        self.noted(reaction, Some(at), metadata, effects);
        self.unread += 1;
    }

    /// Notes what was decided: deadlines come, go and are reached, or the process ends.
    fn noted(&mut self, reaction: EventId, at: Option<Timestamp>, metadata: Metadata, effects: Vec<Effect>) {
        let process = &mut self.process;
        process.deadlines.retain(|deadline| record::of_deadline(deadline.reaction, deadline.effect) != reaction);
        for (index, effect) in effects.iter().enumerate() {
            match effect {
                Effect::SendCommand(_) => {}
                Effect::Schedule(_) if process.is_ended => {}
                Effect::Schedule(ScheduledDeadline { name, due, .. }) => {
                    process.deadlines.push(PendingDeadline { due: *due, reaction, effect: index, name: name.clone() });
                }
                Effect::Cancel { name } => {
                    process.deadlines.retain(|deadline| name.as_ref().is_some_and(|name| *name != deadline.name));
                }
                Effect::End => {
                    process.is_ended = true;
                    process.deadlines.clear();
                }
            }
        }
        process.deadlines.sort_by_key(|deadline| deadline.due);
        let (version, position) = (process.version, self.position);
        self.reactions.insert(reaction, Decided { at, version, position, metadata, effects });
    }

    fn effect(&self, reaction: EventId, effect: usize) -> Option<(&Decided, &Effect)> {
        let decided = self.reactions.get(&reaction)?;
        Some((decided, decided.effects.get(effect)?))
    }

    /// A part of what was decided, as an event that can be read: it has the place of the reaction.
    fn own(
        &self,
        decided: &Decided,
        reaction: EventId,
        name: &str,
        schema_version: u32,
        recorded_at: Timestamp,
        payload: &JsonText,
    ) -> Option<RecordedEvent> {
        Some(RecordedEvent {
            stream: self.process.stream.clone(),
            version: decided.version,
            position: decided.position,
            id: reaction,
            name: EventName::new(name).ok()?,
            schema_version,
            recorded_at,
            metadata: decided.metadata.clone(),
            payload: payload.as_str().as_bytes().to_vec().into(),
        })
    }

    fn dangling(&self, id: EventId, version: Version) -> ProcessError {
        ProcessError::Dangling { process: self.process.stream.clone(), version, id }
    }
}
