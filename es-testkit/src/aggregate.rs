//! Scenarios of an aggregate: given these events, when this command comes, then these events happen. There is no store;
//! a command is decided as the repository would decide it.

mod outcome;

use std::fmt::Debug;

use es_core::{Aggregate, AggregateEvent, EventName, EventSet, HandledBy, Json, RecordedEvent, StreamId, Version};

use self::outcome::Decided;
use crate::difference::assert_same;
use crate::log::Log;
use crate::round_trip::{assert_survives, causes, encoded};

pub use self::outcome::Outcome;

const STATE: &str = "the state is another than expected";

/// Begins a scenario with what has happened; the aggregate is found by its event enum.
///
/// Every event, given or new, is encoded as JSON and read back, and the state is folded from what was stored.
///
/// ```
/// use es_core::{Aggregate, Apply, Command, Event};
/// use es_testkit::{given, given_nothing};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "seat-taken")]
/// pub struct SeatTaken { pub by: String }
///
/// #[derive(Debug, Clone, Command)]
/// #[command(aggregate = Hall, emits = SeatTaken)]
/// #[require(state.free > 0, Full)]
/// pub struct TakeSeat { pub by: String }
///
/// #[derive(Debug, PartialEq, thiserror::Error)]
/// #[error("no seat is free")]
/// pub struct Full;
///
/// #[derive(Debug, PartialEq, Aggregate)]
/// #[aggregate(name = "hall", id = String, error = Full, events(SeatTaken), commands(TakeSeat))]
/// pub struct Hall { free: u32 }
///
/// impl Default for Hall { fn default() -> Self { Self { free: 2 } } }
/// impl Apply<SeatTaken> for Hall { fn apply(&mut self, _: SeatTaken) { self.free -= 1; } }
///
/// fn taken_by(name: &str) -> HallEvent { SeatTaken { by: name.into() }.into() }
///
/// given_nothing::<Hall>()
///     .when(TakeSeat { by: "Ada".into() })
///     .then([taken_by("Ada")])
///     .then_state(Hall { free: 1 });
/// given([taken_by("Ada"), taken_by("Bob")])
///     .when(TakeSeat { by: "Eve".into() })
///     .then_error(Full);
/// ```
///
/// # Panics
/// If an event does not come back from JSON as it went in.
#[track_caller]
#[must_use = "a scenario without `then` tests little"]
pub fn given<E>(events: impl IntoIterator<Item = E>) -> Given<E::Aggregate>
where
    E: AggregateEvent + PartialEq + Debug,
{
    let mut given = given_nothing::<E::Aggregate>();
    for event in events {
        let recorded = given.record(&event);
        given.fold(&recorded);
    }
    given
}

/// Begins a scenario of an aggregate that does not exist yet.
///
/// # Panics
/// If the name of the aggregate does not begin a stream.
#[track_caller]
#[must_use = "a scenario without `then` tests nothing"]
pub fn given_nothing<A>() -> Given<A>
where
    A: Aggregate,
    A::Event: PartialEq + Debug,
{
    let stream = match StreamId::new(A::NAME, "1") {
        Ok(stream) => stream,
        Err(error) => panic!("`{}` cannot name an aggregate: {error}", A::NAME),
    };
    Given { state: A::default(), stream, log: Log::default() }
}

/// What has happened to an aggregate.
#[derive(Debug)]
pub struct Given<A> {
    state: A,
    stream: StreamId,
    log: Log,
}

#[allow(clippy::return_self_not_must_use, reason = "a scenario may end with any expectation")]
#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl<A> Given<A>
where
    A: Aggregate,
    A::Event: PartialEq + Debug,
{
    /// Lets the aggregate decide about a command.
    ///
    /// A command that [creates](HandledBy::creates) is decided on the initial state, as in a repository.
    ///
    /// # Panics
    /// If an event does not come back from JSON as it went in, or an invariant of the aggregate does not hold after it.
    #[track_caller]
    #[must_use = "a scenario without `then` tests little"]
    pub fn when<M: HandledBy<A>>(mut self, command: M) -> Outcome<A> {
        let creates = command.creates();
        let exists = self.log.version(&self.stream) > Version::EMPTY;
        let decision = if creates { command.handled_by(&A::default()) } else { command.handled_by(&self.state) };
        let decided = match decision {
            Err(error) => Decided::Refused(error),
            Ok(events) => {
                for event in &events {
                    let recorded = self.record(event);
                    if !(creates && exists) {
                        self.fold(&recorded);
                        self.assert_invariants(event, &recorded);
                    }
                }
                if creates && exists { Decided::AlreadyExists } else { Decided::Accepted(events) }
            }
        };
        Outcome { state: self.state, decided }
    }

    /// Expects this state.
    ///
    /// # Panics
    /// If the state is another.
    #[track_caller]
    pub fn then_state(self, expected: A) -> Self
    where
        A: PartialEq + Debug,
    {
        assert_same(STATE, &expected, &self.state);
        self
    }

    /// Expects that a look at the state shows this: `.then_state_has(|account| account.balance, 70)`.
    ///
    /// # Panics
    /// If it shows something else.
    #[track_caller]
    pub fn then_state_has<T: PartialEq + Debug>(self, look: impl FnOnce(&A) -> T, expected: T) -> Self {
        assert_same(STATE, &expected, &look(&self.state));
        self
    }

    #[track_caller]
    fn record(&mut self, event: &A::Event) -> RecordedEvent {
        let name = event.name();
        let payload = encoded(&name, event, event.encode(&Json));
        let recorded = self.log.record(&self.stream, name, event.schema_version(), payload);
        assert_survives(event, &recorded, A::Event::decode(&Json, &recorded));
        recorded
    }

    #[track_caller]
    fn fold(&mut self, recorded: &RecordedEvent) {
        if let Err(error) = self.state.replay(&Json, recorded) {
            panic!("event `{}` cannot be replayed: {}\n{recorded:#?}", recorded.name, causes(&error));
        }
    }

    #[track_caller]
    fn assert_invariants(&self, event: &A::Event, recorded: &RecordedEvent) {
        if let Some(broken) = broken_invariant(&self.state, recorded.version, &recorded.name, recorded.schema_version) {
            panic!("{broken}:\n{event:#?}");
        }
    }
}

/// The first invariant that does not hold after an event, told with the event.
pub(crate) fn broken_invariant<A: Aggregate>(
    state: &A,
    version: Version,
    name: &EventName,
    schema_version: u32,
) -> Option<String> {
    let broken = A::INVARIANTS.iter().find(|invariant| !invariant.holds(state))?;
    Some(format!("event {version}, `{name}` in schema version {schema_version}, breaks the invariant {broken}"))
}
