//! An aggregate: state that is a fold over its events.
//!
//! Pure: it sees no store, no clock and no codec but the one it is handed.

mod abilities;
mod invariant;

use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::event_set::EventSet;
use crate::model::AggregateModel;
use crate::snapshotted::StateModel;

pub use self::abilities::{
    Abilities, CommandAbilities, CommandProbe, ReadJson, StateAbilities, StateProbe, UnableCommand, UnableState,
    WriteJson,
};
pub use self::invariant::Invariant;

/// State that is built from events and decides about commands.
///
/// Derived from the struct of the state; the initial state is its `Default`.
/// The derive writes the enums of its events (`AccountEvent`) and commands (`AccountCommand`), the dispatch of both,
/// and the [model](AggregateModel).
/// What remains for you is one [`Apply`] for each event and one [`Handle`](crate::Handle) for each command that does
/// not declare what it emits.
///
/// ```
/// use es_core::{Aggregate, Apply, Command, Event};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "counter-increased")]
/// pub struct CounterIncreased { pub by: u32 }
///
/// #[derive(Debug, Clone, Command)]
/// #[command(emits = CounterIncreased)]
/// pub struct Increase { pub by: u32 }
///
/// #[derive(Debug, Default, Aggregate)]
/// #[aggregate(name = "counter", id = String, error = std::convert::Infallible,
///             events(CounterIncreased), commands(Increase))]
/// pub struct Counter { total: u32 }
///
/// impl Apply<CounterIncreased> for Counter {
///     fn apply(&mut self, event: CounterIncreased) { self.total += event.by; }
/// }
///
/// let mut counter = Counter::default();
/// counter.apply_event(CounterIncreased { by: 3 }.into());
/// assert_eq!(counter.total, 3);
/// assert_eq!(Counter::MODEL.commands[0].emits, ["counter-increased"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "used as an aggregate, but `Aggregate` is not derived for it",
    note = "write `#[derive(Aggregate)]` and `#[aggregate(..)]` on `{Self}`"
)]
pub trait Aggregate: Default + Send + Sync + 'static {
    /// The stored name: the category of its streams.
    const NAME: &'static str;
    /// Everything the derives know about it.
    const MODEL: AggregateModel;
    /// What must hold of the state after every event; declared by `#[invariant(..)]`.
    const INVARIANTS: &'static [Invariant<Self>] = &[];

    /// How its state is kept in snapshots, for tools; `None` without `snapshot(..)`.
    const SNAPSHOTS: Option<StateModel<Self>> = None;

    /// What tells one aggregate of this type from another; its `Display` is the id part of the stream.
    type Id: std::fmt::Display;
    /// The set of its events.
    type Event: EventSet;
    /// The set of its commands.
    type Command;
    /// The reasons for which it refuses a command.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Changes the state as the event says.
    fn apply_event(&mut self, event: Self::Event);

    /// Reads a stored event and applies it, without making the enum in between.
    ///
    /// # Errors
    /// The event cannot be read; the state is then as before.
    fn replay<C: Codec>(&mut self, codec: &C, event: &RecordedEvent) -> Result<(), DecodeError>;

    /// What its types can do beyond what this trait asks of them: for tests and tools, which ask the derive.
    fn abilities() -> Abilities<Self> {
        Abilities::default()
    }
}

/// How one event changes the state.
///
/// It cannot fail, because the event has happened.
/// It reads no clock and makes no random choice, so that every replay gives the same state.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` does not say how event `{E}` changes it",
    label = "`{E}` is listed here, but `impl Apply<{E}> for {Self}` is missing",
    note = "write:\nimpl Apply<{E}> for {Self} {{\n    fn apply(&mut self, event: {E}) {{ /* .. */ }}\n}}"
)]
pub trait Apply<E> {
    /// Changes the state as the event says.
    fn apply(&mut self, event: E);
}

/// Finds the aggregate of an event enum; written by `#[derive(Aggregate)]` for the enum that it makes.
pub trait AggregateEvent: EventSet {
    /// The aggregate whose events these are.
    type Aggregate: Aggregate<Event = Self>;
}

/// Dispatches the events of a set to any state that applies them all.
///
/// Written by `#[derive(EventSet)]`, for aggregates that name a set of events with `#[aggregate(event = ..)]`.
#[diagnostic::on_unimplemented(
    message = "the events of `{Self}` cannot all be applied to `{S}`",
    label = "`EventSet` is not derived for it",
    note = "write `#[derive(EventSet)]` on `{Self}`, and `impl Apply<..> for {S}` for each of its events"
)]
pub trait ApplyTo<S>: EventSet {
    /// Changes the state as the event says.
    fn apply_to(self, state: &mut S);

    /// Reads a stored event and applies it, without making the enum in between.
    ///
    /// # Errors
    /// The event cannot be read; the state is then as before.
    fn replay_to<C: Codec>(codec: &C, event: &RecordedEvent, state: &mut S) -> Result<(), DecodeError>;
}
