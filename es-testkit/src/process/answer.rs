//! What a process has answered, and what a scenario expects of it.

use std::fmt::Debug;
use std::time::Duration;

use es_core::process::{Effect, ProcessManager, ScheduledBy, ScheduledDeadline, SentBy};
use es_core::{Aggregate, Event, Json, Metadata, Timestamp};

use super::{GivenProcess, json_of, sent};
use crate::difference::{assert_same, difference};

/// What a process has answered to the last input; what is expected of it is expected in order.
#[derive(Debug)]
pub struct Answered<P> {
    given: GivenProcess<P>,
    effects: Vec<Effect>,
    expected: usize,
    at: Timestamp,
}

#[allow(clippy::return_self_not_must_use, reason = "a scenario may end with any expectation")]
#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl<P: ProcessManager> Answered<P> {
    pub(super) fn new(given: GivenProcess<P>, effects: Vec<Effect>, at: Timestamp) -> Self {
        Self { given, effects, expected: 0, at }
    }

    pub(super) fn seen(self) -> GivenProcess<P> {
        self.given
    }

    /// Expects that it next sends this command to this aggregate.
    ///
    /// # Panics
    /// If it does something else next.
    #[track_caller]
    pub fn then_sends<A: Aggregate>(self, id: &str, command: impl SentBy<P, A>) -> Self {
        self.then(Effect::SendCommand(sent::<P, A>(id, &command)), "the process does not send what was expected")
    }

    /// Expects that it next sets this deadline, so long after what it reacts to.
    ///
    /// # Panics
    /// If it does something else next.
    #[track_caller]
    pub fn then_schedules<D: ScheduledBy<P>>(self, deadline: D, after: Duration) -> Self {
        let micros = i64::try_from(after.as_micros()).unwrap_or(i64::MAX);
        let due = Timestamp::from_micros(self.at.as_micros().saturating_add(micros));
        let payload = json_of(D::NAME, deadline.encode(&Json));
        let expected = ScheduledDeadline { name: D::NAME.to_owned(), schema_version: D::VERSION, due, payload };
        self.then(Effect::Schedule(expected), "the process does not set the deadline that was expected")
    }

    /// Expects that it next drops its deadlines of this type.
    ///
    /// # Panics
    /// If it does something else next.
    #[track_caller]
    pub fn then_cancels<D: ScheduledBy<P>>(mut self) -> Self {
        for name in D::ALIASES.iter().chain([&<D as Event>::NAME]) {
            self = self.then(Effect::Cancel { name: Some((*name).to_owned()) }, CANCELS);
        }
        self
    }

    /// Expects that it next drops all its deadlines.
    ///
    /// # Panics
    /// If it does something else next.
    #[track_caller]
    pub fn then_cancels_all(self) -> Self {
        self.then(Effect::Cancel { name: None }, CANCELS)
    }

    /// Expects that it next ends.
    ///
    /// # Panics
    /// If it does something else next.
    #[track_caller]
    pub fn then_ends(self) -> Self {
        self.then(Effect::End, "the process does not end as expected")
    }

    /// Expects that it does nothing beside what was expected.
    ///
    /// # Panics
    /// If it does something else.
    #[track_caller]
    pub fn then_nothing_else(self) -> Self {
        let rest = &self.effects[self.expected..];
        assert!(rest.is_empty(), "{}", difference("the process does more than expected", "nothing else", &shown(rest)));
        self
    }

    /// Expects that it does nothing at all.
    ///
    /// # Panics
    /// If it does something.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        let all = &self.effects;
        assert!(all.is_empty(), "{}", difference("the process does more than expected", "nothing", &shown(all)));
        self
    }

    /// Expects this state afterwards.
    ///
    /// # Panics
    /// If the state is another.
    #[track_caller]
    pub fn then_state(self, expected: P) -> Self
    where
        P: PartialEq + Debug,
    {
        assert_same(STATE, &expected, &self.given.state);
        self
    }

    /// Expects that a look at the state afterwards shows this: `.then_state_has(|transfer| transfer.amount, 70)`.
    ///
    /// # Panics
    /// If it shows something else.
    #[track_caller]
    pub fn then_state_has<T: PartialEq + Debug>(self, look: impl FnOnce(&P) -> T, expected: T) -> Self {
        assert_same(STATE, &expected, &look(&self.given.state));
        self
    }

    /// Gives the events from here on this metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.given = self.given.with_metadata(metadata);
        self
    }

    /// Goes on with an event; see [`GivenProcess::when`].
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when<E: Event + PartialEq + Debug>(self, stream: &str, event: E) -> Self {
        self.given.when(stream, event)
    }

    /// Goes on with a deadline; see [`GivenProcess::when_deadline`].
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when_deadline<D: ScheduledBy<P> + Debug>(self, deadline: D) -> Self {
        self.given.when_deadline(deadline)
    }

    /// Goes on with a refusal; see [`GivenProcess::when_rejected`].
    #[track_caller]
    #[must_use = "a scenario without `then` tests nothing"]
    pub fn when_rejected<A: Aggregate>(self, id: &str, command: impl SentBy<P, A>, error: A::Error) -> Self {
        self.given.when_rejected::<A>(id, command, error)
    }

    #[track_caller]
    fn then(mut self, expected: Effect, headline: &str) -> Self {
        let actual = self.effects.get(self.expected);
        let actual_shown = actual.map_or("nothing".to_owned(), |effect| format!("{effect:#?}"));
        assert!(actual == Some(&expected), "{}", difference(headline, &format!("{expected:#?}"), &actual_shown));
        self.expected += 1;
        self
    }
}

const STATE: &str = "the state is another than expected";
const CANCELS: &str = "the process does not cancel what was expected";

fn shown(effects: &[Effect]) -> String {
    effects.iter().map(|effect| format!("{effect:#?}")).collect::<Vec<_>>().join("\n")
}
