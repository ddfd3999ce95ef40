//! Scenarios of a process manager: given what it has reacted to, when this comes, then it answers so. There is no store
//! and no aggregate.

mod answer;

use std::fmt::Debug;

use es_core::model::CommandModel;
use es_core::process::{
    Effect, Input, JsonText, ProcessManager, Role, ScheduledBy, ScheduledDeadline, SentBy, SentCommand, Step, Trigger,
};
use es_core::{
    Aggregate, Command, Event, EventId, EventName, Events, Json, Metadata, Position, RecordedEvent, StreamId,
    Timestamp, Version,
};

use crate::log::Log;
use crate::round_trip::{assert_survives, causes, encoded};

pub use self::answer::Answered;

/// Begins a scenario of one process that has not begun yet.
///
/// Events get the positions 1, 2, 3, …; the first is recorded at 2026-01-01T00:00:00Z, each other one second after the
/// one before.
/// Every event is encoded as JSON and read back, and so is every command and every deadline that the process answers
/// with.
///
/// ```
/// # use es_core::process::{React, Reaction, Rejected, Trigger};
/// # use es_core::{Aggregate, Apply, Command, Event, ProcessManager};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "seat-taken")]
/// # pub struct SeatTaken { pub by: String }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "payment-overdue")]
/// # pub struct PaymentOverdue {}
/// # #[derive(Debug, Clone, Serialize, Deserialize, Command)]
/// # #[command(emits = SeatTaken)]
/// # pub struct TakeSeat { pub by: String }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "hall", id = String, error = std::convert::Infallible, events(SeatTaken), commands(TakeSeat))]
/// # pub struct Hall {}
/// # impl Apply<SeatTaken> for Hall { fn apply(&mut self, _: SeatTaken) {} }
/// # #[derive(Debug, Default, ProcessManager)]
/// # #[process(name = "reminder", id = String, events(SeatTaken(start, key = event.by.clone())),
/// #           deadlines(PaymentOverdue), commands(Hall(TakeSeat)))]
/// # pub struct Reminder {}
/// # impl React<SeatTaken> for Reminder {
/// #     fn react(&self, _: &SeatTaken, trigger: &Trigger) -> Reaction<Self> {
/// #         Reaction::new().schedule(PaymentOverdue {}, trigger.after(Duration::from_secs(60)))
/// #     }
/// # }
/// # impl React<PaymentOverdue> for Reminder {
/// #     fn react(&self, _: &PaymentOverdue, trigger: &Trigger) -> Reaction<Self> {
/// #         Reaction::new().send::<Hall>("2", TakeSeat { by: trigger.process.id().to_owned() }).end()
/// #     }
/// # }
/// # impl React<Rejected<TakeSeat>> for Reminder {
/// #     fn react(&self, _: &Rejected<TakeSeat>, _: &Trigger) -> Reaction<Self> { Reaction::none() }
/// # }
/// use std::time::Duration;
///
/// use es_testkit::given_process;
///
/// given_process::<Reminder>()
///     .when("hall-1", SeatTaken { by: "Ada".into() })
///     .then_schedules(PaymentOverdue {}, Duration::from_secs(60))
///     .then_nothing_else()
///     .when_deadline(PaymentOverdue {})
///     .then_sends::<Hall>("2", TakeSeat { by: "Ada".into() })
///     .then_ends()
///     .then_nothing_else();
/// ```
#[must_use = "a scenario without `then` tests nothing"]
pub fn given_process<P: ProcessManager>() -> GivenProcess<P> {
    GivenProcess {
        state: P::default(),
        process: None,
        is_ended: false,
        log: Log::default(),
        metadata: Metadata::new(),
        pending: Vec::new(),
        sent: Vec::new(),
    }
}

/// What a process has reacted to.
#[derive(Debug)]
pub struct GivenProcess<P> {
    state: P,
    /// The stream of the process, once an event has said which it is.
    process: Option<StreamId>,
    is_ended: bool,
    log: Log,
    metadata: Metadata,
    /// The deadlines that the process has.
    pending: Vec<ScheduledDeadline>,
    /// The commands that it has sent.
    sent: Vec<SentCommand>,
}

#[allow(clippy::needless_pass_by_value, reason = "an input is a value that is written where it is used")]
impl<P: ProcessManager> GivenProcess<P> {
    /// Gives the events from here on this metadata: what a key may look at.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Adds an event that the process has reacted to, whatever its answer was.
    ///
    /// # Panics
    /// As [`when`](Self::when).
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn event<E: Event + PartialEq + Debug>(self, stream: &str, event: E) -> Self {
        self.when(stream, event).seen()
    }

    /// Lets the process react to an event.
    ///
    /// # Panics
    /// If the process does not list it, if its key is that of another process than before or of none, if it does not come
    /// back from JSON as it went in, if the process is not as the role of the event needs it, or if `stream` does not name a stream.
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when<E: Event + PartialEq + Debug>(mut self, stream: &str, event: E) -> Answered<P> {
        let recorded = self.record(stream, &event);
        let correlation = match P::correlate(&Json, &recorded) {
            Ok(Some(correlation)) => correlation,
            Ok(None) if P::MODEL.events.iter().all(|model| model.name != E::NAME) => {
                panic!("process manager `{}` does not list event `{}`: add it to `events(..)`", P::NAME, E::NAME)
            }
            Ok(None) => panic!("event `{}` has no key, so it reaches no process `{}`", E::NAME, P::NAME),
            Err(error) => panic!("event `{}` cannot be read: {}\n{recorded:#?}", E::NAME, causes(&error)),
        };
        let process = match StreamId::new(P::NAME, &correlation.id) {
            Ok(process) => process,
            Err(error) => panic!("the key of event `{}` does not name a process: {error}", E::NAME),
        };
        let has_begun = self.process.is_some();
        let known = self.process.get_or_insert_with(|| process.clone());
        assert!(
            *known == process,
            "event `{}` belongs to process `{process}`, but the scenario is about `{known}`",
            E::NAME
        );
        let broken = match correlation.role {
            Role::Start if has_begun => Some("starts a process, but this one has begun"),
            Role::ContinueOrIgnore | Role::ContinueOrFail if !has_begun => {
                Some("goes on with a process, but none has begun")
            }
            _ if self.is_ended => Some("comes to a process that has ended"),
            _ => None,
        };
        assert!(broken.is_none(), "event `{}` {}", E::NAME, broken.unwrap_or_default());
        let (stream, at) = (recorded.stream.clone(), recorded.recorded_at);
        self.take(&Input::Event(&recorded), stream, at, correlation.ends)
    }

    /// Lets a deadline be reached that the process has set and has not cancelled.
    ///
    /// # Panics
    /// If it has no such deadline.
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when_deadline<D: ScheduledBy<P> + Debug>(mut self, deadline: D) -> Answered<P> {
        let payload = json_of(D::NAME, deadline.encode(&Json));
        let found = self.pending.iter().position(|had| had.name == D::NAME && had.payload == payload);
        let Some(found) = found else {
            panic!("the process has no such deadline: {deadline:#?}\nit has: {:#?}", self.pending);
        };
        let ScheduledDeadline { due, name, schema_version, payload } = self.pending.remove(found);
        let event = self.own(&name, schema_version, &payload, due);
        let stream = event.stream.clone();
        self.take(&Input::Deadline(&event), stream, due, false)
    }

    /// Lets an aggregate refuse a command that the process has sent to it, with the words of this error.
    ///
    /// # Panics
    /// If the process has not sent it.
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when_rejected<A: Aggregate>(mut self, id: &str, command: impl SentBy<P, A>, error: A::Error) -> Answered<P> {
        let expected = sent::<P, A>(id, &command);
        let Some(found) = self.sent.iter().position(|sent| *sent == expected) else {
            panic!("the process has sent no such command: {expected:#?}\nit has sent: {:#?}", self.sent);
        };
        let SentCommand { aggregate, id, command, schema_version, payload } = self.sent.remove(found);
        let at = self.log.now();
        let event = self.own(&command, schema_version, &payload, at);
        let stream = match StreamId::new(&aggregate, &id) {
            Ok(stream) => stream,
            Err(error) => panic!("`{id}` does not name a `{aggregate}`: {error}"),
        };
        let input = Input::Rejected { command: &event, aggregate: &aggregate, reason: &error.to_string() };
        self.take(&input, stream, at, false)
    }

    #[track_caller]
    fn take(mut self, input: &Input<'_>, stream: StreamId, at: Timestamp, ends: bool) -> Answered<P> {
        let process = self.process.clone().unwrap_or_else(|| stream.clone());
        let trigger = Trigger { process, stream, at, metadata: self.metadata.clone() };
        let reaction = match self.state.receive(&Json, input, &trigger, Step::React) {
            Ok(reaction) => reaction.unwrap_or_default(),
            Err(error) => panic!("process manager `{}` cannot read it: {}\n{input:#?}", P::NAME, causes(&error)),
        };
        let mut effects = match reaction.into_effects() {
            Ok(effects) => effects,
            Err(error) => panic!("the reaction of `{}` cannot be recorded: {}", P::NAME, causes(&error)),
        };
        if ends {
            effects.push(Effect::End);
        }
        for effect in &effects {
            match effect {
                Effect::SendCommand(command) => self.sent.push(command.clone()),
                Effect::Schedule(_) if self.is_ended => {}
                Effect::Schedule(deadline) => self.pending.push(deadline.clone()),
                Effect::Cancel { name } => {
                    self.pending.retain(|had| name.as_ref().is_some_and(|name| *name != had.name));
                }
                Effect::End => {
                    self.is_ended = true;
                    self.pending.clear();
                }
                _ => {}
            }
        }
        Answered::new(self, effects, at)
    }

    #[track_caller]
    fn record<E: Event + PartialEq + Debug>(&mut self, stream: &str, event: &E) -> RecordedEvent {
        let stream: StreamId = match stream.parse() {
            Ok(stream) => stream,
            Err(error) => panic!("`{stream}` does not name a stream: {error}"),
        };
        let name = EventName::from_static(E::NAME);
        let payload = encoded(&name, event, event.encode(&Json));
        let mut recorded = self.log.record(&stream, name, E::VERSION, payload);
        recorded.metadata = self.metadata.clone();
        assert_survives(event, &recorded, E::decode(&Json, &recorded).map(Events::one));
        recorded
    }

    /// A part of what the process has decided, as an event that can be read.
    #[track_caller]
    fn own(&self, name: &str, schema_version: u32, payload: &JsonText, at: Timestamp) -> RecordedEvent {
        let (Some(stream), Ok(name)) = (self.process.clone(), EventName::new(name)) else {
            panic!("the process has not begun, so nothing of its own reaches it");
        };
        RecordedEvent {
            stream,
            version: Version::new(1),
            position: Position::START,
            id: EventId::new(uuid::Uuid::nil()),
            name,
            schema_version,
            recorded_at: at,
            metadata: self.metadata.clone(),
            payload: payload.as_str().as_bytes().to_vec().into(),
        }
    }
}

/// A command as it is sent.
#[track_caller]
fn sent<P: ProcessManager, A: Aggregate>(id: &str, command: &impl SentBy<P, A>) -> SentCommand {
    let payload = match JsonText::of(command) {
        Ok(payload) => payload,
        Err(error) => panic!("the command cannot be written as JSON: {}", causes(&error)),
    };
    let CommandModel { name, version, .. } = model_of(command);
    SentCommand {
        aggregate: A::NAME.to_owned(),
        id: id.to_owned(),
        command: name.to_owned(),
        schema_version: version,
        payload,
    }
}

fn model_of<M: Command>(_: &M) -> CommandModel {
    M::MODEL
}

#[track_caller]
fn json_of(name: &str, bytes: Result<Vec<u8>, es_core::CodecError>) -> JsonText {
    match bytes.and_then(|bytes| JsonText::parse(&bytes)) {
        Ok(json) => json,
        Err(error) => panic!("deadline `{name}` cannot be written as JSON: {}", causes(&error)),
    }
}
