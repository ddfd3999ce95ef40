//! Scenarios of a projection: given this log, then this answer. There is no store and no runner.

mod rows;

use std::error::Error;
use std::fmt::Debug;

use es_core::{Answer, Event, EventName, Events, Json, Projected, Projection, Query, RecordedEvent, StreamId};

use crate::difference::assert_same;
use crate::log::Log;
use crate::round_trip::{assert_survives, causes, encoded};

pub use self::rows::{GivenRows, given_rows};

/// Begins a scenario of a projection, with an empty log.
///
/// Events get the positions 1, 2, 3, … and versions that are counted for each stream.
/// The first is recorded at 2026-01-01T00:00:00Z, each other one second after the one before.
/// Every event is encoded as JSON and read back, and the projection sees what was stored.
///
/// ```
/// use es_core::{Answer, Event, Project, Projection, Query, RecordedEvent};
/// use es_testkit::given_log;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "seat-taken")]
/// pub struct SeatTaken { pub by: String }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "hall-painted")]
/// pub struct HallPainted { pub colour: String }
///
/// /// Who sits in the halls, the last one first.
/// #[derive(Debug, Default, Projection)]
/// #[projection(name = "guests", events(SeatTaken))]
/// pub struct Guests { names: Vec<String> }
///
/// impl Project<SeatTaken> for Guests {
///     fn project(&mut self, event: SeatTaken, _: &RecordedEvent) { self.names.insert(0, event.by); }
/// }
///
/// pub struct GetLatest;
/// impl Query for GetLatest { type Answer = Option<String>; }
/// impl Answer<GetLatest> for Guests {
///     fn answer(&self, _: GetLatest) -> Option<String> { self.names.first().cloned() }
/// }
///
/// given_log::<Guests>()
///     .event("hall-1", SeatTaken { by: "Ada".into() })
///     .unrelated_event("hall-1", HallPainted { colour: "blue".into() })
///     .event("hall-2", SeatTaken { by: "Bob".into() })
///     .then_answer(GetLatest, Some("Bob".into()))
///     .then_state_has(|guests| guests.names.len(), 2);
/// ```
#[must_use = "a scenario without `then` tests little"]
pub fn given_log<P: Projection + Default>() -> GivenLog<P> {
    GivenLog { projection: P::default(), log: Log::default() }
}

/// What a projection has seen.
#[derive(Debug)]
pub struct GivenLog<P> {
    projection: P,
    log: Log,
}

#[allow(clippy::return_self_not_must_use, reason = "a scenario may end with any expectation")]
#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl<P: Projection> GivenLog<P> {
    /// Adds an event that the projection lists.
    ///
    /// # Panics
    /// If the projection does not list it, so that no test passes because nothing was seen; if it does not come back
    /// from JSON as it went in; or if `stream` does not name a stream.
    #[track_caller]
    pub fn event<E: Event + PartialEq + Debug>(mut self, stream: &str, event: E) -> Self {
        assert_listed(self.project(stream, &event), P::NAME, E::NAME);
        self
    }

    /// Adds an event that is in the log, but does not concern the projection.
    ///
    /// # Panics
    /// If the projection lists it; if it does not come back from JSON as it went in; or if `stream` does not name a
    /// stream.
    #[track_caller]
    pub fn unrelated_event<E: Event + PartialEq + Debug>(mut self, stream: &str, event: E) -> Self {
        assert_not_listed(self.project(stream, &event), P::NAME, E::NAME);
        self
    }

    /// Expects this answer to a query.
    ///
    /// # Panics
    /// If the answer is another.
    #[track_caller]
    pub fn then_answer<Q: Query>(self, query: Q, expected: Q::Answer) -> Self
    where
        P: Answer<Q>,
        Q::Answer: PartialEq + Debug,
    {
        assert_same("the answer is another than expected", &expected, &self.projection.answer(query));
        self
    }

    /// Expects this read model.
    ///
    /// # Panics
    /// If the read model is another.
    #[track_caller]
    pub fn then_state(self, expected: P) -> Self
    where
        P: PartialEq + Debug,
    {
        assert_same(STATE, &expected, &self.projection);
        self
    }

    /// Expects that a look at the read model shows this: `.then_state_has(|guests| guests.len(), 2)`.
    ///
    /// # Panics
    /// If it shows something else.
    #[track_caller]
    pub fn then_state_has<T: PartialEq + Debug>(self, look: impl FnOnce(&P) -> T, expected: T) -> Self {
        assert_same(STATE, &expected, &look(&self.projection));
        self
    }

    #[track_caller]
    fn project<E: Event + PartialEq + Debug>(&mut self, stream: &str, event: &E) -> Projected {
        let recorded = record(&mut self.log, stream, event);
        match self.projection.project_event(&Json, &recorded) {
            Ok(projected) => projected,
            Err(error) => unreadable(P::NAME, &recorded, &error),
        }
    }
}

/// The event as a store would give it back, after it has been there and back.
#[track_caller]
fn record<E: Event + PartialEq + Debug>(log: &mut Log, stream: &str, event: &E) -> RecordedEvent {
    let stream: StreamId = match stream.parse() {
        Ok(stream) => stream,
        Err(error) => panic!("`{stream}` does not name a stream: {error}"),
    };
    let name = EventName::from_static(E::NAME);
    let payload = encoded(&name, event, event.encode(&Json));
    let recorded = log.record(&stream, name, E::VERSION, payload);
    assert_survives(event, &recorded, E::decode(&Json, &recorded).map(Events::one));
    recorded
}

#[track_caller]
fn unreadable(projection: &str, recorded: &RecordedEvent, error: &dyn Error) -> ! {
    panic!("projection `{projection}` cannot read event `{}`: {}\n{recorded:#?}", recorded.name, causes(error))
}

#[track_caller]
fn assert_listed(projected: Projected, projection: &str, event: &str) {
    assert!(
        projected == Projected::Applied,
        "projection `{projection}` does not list event `{event}`: add it to `events(..)` of the projection, \
         or to the scenario with `unrelated_event`"
    );
}

#[track_caller]
fn assert_not_listed(projected: Projected, projection: &str, event: &str) {
    assert!(
        projected == Projected::NotListed,
        "projection `{projection}` lists event `{event}`: add it to the scenario with `event`"
    );
}

const STATE: &str = "the read model is another than expected";
