//! What an aggregate made of a command, and what a scenario expects of it.

use std::fmt::Debug;

use es_core::{Aggregate, Events};

use super::STATE;
use crate::difference::{assert_same, difference};

/// What became of a command, and the state afterwards.
#[derive(Debug)]
pub struct Outcome<A: Aggregate> {
    pub(super) state: A,
    pub(super) decided: Decided<A::Event, A::Error>,
}

#[allow(clippy::return_self_not_must_use, reason = "a scenario may end with any expectation")]
#[allow(clippy::needless_pass_by_value, reason = "an expectation is a value that is written where it is used")]
impl<A> Outcome<A>
where
    A: Aggregate,
    A::Event: PartialEq + Debug,
{
    /// Expects exactly these events, in this order.
    ///
    /// # Panics
    /// If others happened, or if the command was refused.
    #[track_caller]
    pub fn then(self, events: impl IntoIterator<Item = A::Event>) -> Self {
        let expected = events.into_iter().collect();
        match &self.decided {
            Decided::Accepted(actual) if *actual == expected => self,
            _ => self.fail(&Decided::Accepted(expected)),
        }
    }

    /// Expects that the command was accepted and nothing happened.
    ///
    /// # Panics
    /// If something happened, or if the command was refused.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then([])
    }

    /// Expects that the aggregate refused the command for this reason.
    ///
    /// # Panics
    /// If it was refused for another reason, or if it was accepted.
    #[track_caller]
    pub fn then_error(self, error: A::Error) -> Self
    where
        A::Error: PartialEq,
    {
        match &self.decided {
            Decided::Refused(actual) if *actual == error => self,
            _ => self.fail(&Decided::Refused(error)),
        }
    }

    /// Expects that a command that [creates](es_core::HandledBy::creates) was refused because the aggregate exists.
    ///
    /// # Panics
    /// If the command was refused for another reason, or if it was accepted.
    #[track_caller]
    pub fn then_already_exists(self) -> Self {
        match self.decided {
            Decided::AlreadyExists => self,
            _ => self.fail(&Decided::AlreadyExists),
        }
    }

    /// Expects this state afterwards; after a refused command, the state of before.
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

    /// Expects that a look at the state afterwards shows this: `.then_state_has(|account| account.balance, 70)`.
    ///
    /// # Panics
    /// If it shows something else.
    #[track_caller]
    pub fn then_state_has<T: PartialEq + Debug>(self, look: impl FnOnce(&A) -> T, expected: T) -> Self {
        assert_same(STATE, &expected, &look(&self.state));
        self
    }

    #[track_caller]
    fn fail(&self, expected: &Decided<A::Event, A::Error>) -> ! {
        use Decided::Accepted;
        let headline = match (expected, &self.decided) {
            (Accepted(_), Accepted(_)) => "other events happened than expected",
            (Accepted(_), _) => "the command was refused, but it should have been accepted",
            (_, Accepted(_)) => "the command was accepted, but it should have been refused",
            (_, _) => "the command was refused for another reason than expected",
        };
        panic!("{}", difference(headline, &expected.shown(), &self.decided.shown()));
    }
}

/// What the repository would have told the caller.
#[derive(Debug)]
pub(super) enum Decided<E, R> {
    Accepted(Events<E>),
    Refused(R),
    AlreadyExists,
}

impl<E: Debug, R: Debug> Decided<E, R> {
    /// One event after the other, or the reason.
    fn shown(&self) -> String {
        match self {
            Self::Accepted(events) if events.is_empty() => "nothing".to_owned(),
            Self::Accepted(events) => {
                let events: Vec<_> = events.iter().map(|event| format!("{event:#?}")).collect();
                events.join("\n")
            }
            Self::Refused(error) => format!("refused: {error:#?}"),
            Self::AlreadyExists => "refused: the aggregate already exists".to_owned(),
        }
    }
}
