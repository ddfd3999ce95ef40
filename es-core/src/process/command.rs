//! What a process may send and schedule: said by types, so that nothing else compiles.

use std::borrow::Borrow;
use std::fmt::Display;

use super::ProcessManager;
use crate::__private::{Read, Written};
use crate::aggregate::Aggregate;
use crate::command::{Command, HandledBy};
use crate::event::Event;

/// Says that process `P` sends this command to aggregate `A`; written by `#[derive(ProcessManager)]`.
#[diagnostic::on_unimplemented(
    message = "process manager `{P}` does not say that it sends `{Self}` to `{A}`",
    label = "not listed in `commands(..)` under this aggregate",
    note = "add it to the attribute of `{P}`: `commands({A}({Self}))`"
)]
pub trait SentBy<P: ProcessManager, A: Aggregate>:
    Command + HandledBy<A> + Written + Read + Clone + Send + 'static
{
}

/// Says that process `P` schedules this deadline; written by `#[derive(ProcessManager)]`.
#[diagnostic::on_unimplemented(
    message = "process manager `{P}` does not say that it has the deadline `{Self}`",
    label = "not listed in `deadlines(..)`",
    note = "add it to the attribute of `{P}`: `deadlines({Self})`"
)]
pub trait ScheduledBy<P: ProcessManager>: Event {}

/// What names an aggregate of type `A`: a reference to its id, or to what its id can be borrowed as.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a `{A}`",
    label = "not a reference to the `id` of the aggregate"
)]
pub trait IdOf<A>: Display {}

impl<A: Aggregate, K: Display + ?Sized> IdOf<A> for &K where A::Id: Borrow<K> {}

/// What is done with a command that was read back, whatever its type is.
pub trait CommandVisitor {
    /// What comes of it.
    type Output;

    /// Takes the command.
    fn visit<A: Aggregate, M: HandledBy<A> + Clone + Send + 'static>(self, command: M) -> Self::Output;
}

/// What an event may give as its `key`: the id of its process, or an `Option` of it where not every event has one.
#[diagnostic::on_unimplemented(
    message = "the key is `{Self}`, but the id of the process is `{I}`",
    label = "neither the `id` of the process nor an `Option` of it",
    note = "the event is here as `event: &..`, so what it owns needs a `.clone()`"
)]
pub trait KeyOf<I> {
    /// The id, if there is one.
    fn key(self) -> Option<I>;
}

impl<I> KeyOf<I> for I {
    fn key(self) -> Option<I> {
        Some(self)
    }
}

impl<I> KeyOf<I> for Option<I> {
    fn key(self) -> Self {
        self
    }
}
