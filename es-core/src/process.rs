//! A process manager: state that is a fold over what it reacted to, and that answers with commands and deadlines.
//!
//! Pure: it sees no store, no clock and no aggregate; a driver hands it one input after the other, and does what it says.

mod command;
mod effect;
mod input;
mod json_text;
mod reaction;
mod stored;

use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::model::ProcessModel;

pub use self::command::{CommandVisitor, IdOf, KeyOf, ScheduledBy, SentBy};
pub use self::effect::{Effect, ScheduledDeadline, SentCommand};
pub use self::input::{Correlation, Input, Rejected, Role, Step, Trigger};
pub use self::json_text::JsonText;
pub use self::reaction::{Reaction, ReactionError};
pub use self::stored::{StoredForm, StoredKind};

/// A process over several aggregates: it reacts to their events with commands, and to the silence of others with
/// deadlines.
///
/// Derived; the derive finds the events by their stored names, decodes them, old versions included, and knows to which
/// process each belongs.
/// What remains for you is one [`React`] for each event, each deadline, and each command that may be refused.
///
/// ```
/// use es_core::process::{React, Reaction, Rejected, Trigger};
/// use es_core::{Aggregate, Apply, Command, Event, ProcessManager};
/// use serde::{Deserialize, Serialize};
/// use std::time::Duration;
///
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "order-placed")]
/// # pub struct OrderPlaced { pub order: String }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "order-paid")]
/// # pub struct OrderPaid { pub order: String }
/// # #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(name = "parcel-sent")]
/// # pub struct ParcelSent { pub order: String }
/// # #[derive(Debug, Clone, Serialize, Deserialize, Command)]
/// # #[command(create, emits = ParcelSent)]
/// # pub struct SendParcel { pub order: String }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "parcel", id = String, error = std::convert::Infallible,
/// #             events(ParcelSent), commands(SendParcel))]
/// # pub struct Parcel {}
/// # impl Apply<ParcelSent> for Parcel { fn apply(&mut self, _: ParcelSent) {} }
/// /// Nobody has paid in time.
/// #[derive(Debug, Serialize, Deserialize, Event)]
/// #[event(name = "payment-overdue")]
/// pub struct PaymentOverdue {}
///
/// #[derive(Debug, Default, ProcessManager)]
/// #[process(
///     name = "shipping", id = String,
///     events(
///         OrderPlaced(start, key = event.order.clone()),
///         OrderPaid(continue_or_ignore, key = event.order.clone()),
///     ),
///     deadlines(PaymentOverdue),
///     commands(Parcel(SendParcel)),
/// )]
/// pub struct Shipping { order: String }
///
/// impl React<OrderPlaced> for Shipping {
///     fn apply(&mut self, event: &OrderPlaced, _: &Trigger) { self.order = event.order.clone(); }
///     fn react(&self, _: &OrderPlaced, trigger: &Trigger) -> Reaction<Self> {
///         Reaction::new().schedule(PaymentOverdue {}, trigger.after(Duration::from_secs(3600)))
///     }
/// }
/// impl React<OrderPaid> for Shipping {
///     fn react(&self, _: &OrderPaid, _: &Trigger) -> Reaction<Self> {
///         Reaction::new().send::<Parcel>(&self.order, SendParcel { order: self.order.clone() }).end()
///     }
/// }
/// impl React<PaymentOverdue> for Shipping {
///     fn react(&self, _: &PaymentOverdue, _: &Trigger) -> Reaction<Self> { Reaction::new().end() }
/// }
/// impl React<Rejected<SendParcel>> for Shipping {
///     fn react(&self, _: &Rejected<SendParcel>, _: &Trigger) -> Reaction<Self> { Reaction::none() }
/// }
/// assert_eq!(Shipping::MODEL.deadlines[0].name, "payment-overdue");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a process manager",
    label = "used as a process manager, but `ProcessManager` is not derived for it",
    note = "write `#[derive(ProcessManager)]` and `#[process(..)]` on `{Self}`"
)]
pub trait ProcessManager: Default + Send + Sync + 'static {
    /// The stored name: the category of its streams, and the name of its checkpoint.
    const NAME: &'static str;
    /// Everything the derive knows about it.
    const MODEL: ProcessModel;
    /// Everything that its streams keep in versions: the events that it reacts to, its deadlines, its commands.
    const STORED: &'static [StoredForm];

    /// What tells one process of this type from another; its `Display` is the id part of the stream.
    type Id: std::fmt::Display;

    /// Which process an event of the log belongs to; `None`, if to none of this type.
    ///
    /// # Errors
    /// The event is listed and cannot be read.
    fn correlate<C: Codec>(codec: &C, event: &RecordedEvent) -> Result<Option<Correlation>, DecodeError>;

    /// Takes in one input, and reacts to it if the `step` says so.
    ///
    /// # Errors
    /// The input is not listed, or cannot be read; the state is then as before.
    fn receive<C: Codec>(
        &mut self,
        codec: &C,
        input: &Input<'_>,
        trigger: &Trigger,
        step: Step,
    ) -> Result<Option<Reaction<Self>>, DecodeError>;

    /// Reads a command that the process has sent, and shows it to `visitor` with its type and that of its aggregate.
    ///
    /// # Errors
    /// The process does not list it, or it cannot be read.
    fn visit_command<V: CommandVisitor>(
        aggregate: &str,
        command: &RecordedEvent,
        visitor: V,
    ) -> Result<V::Output, DecodeError>;
}

/// How a process answers to one input: an event, a deadline, or the [refusal](Rejected) of a command that it sent.
///
/// Both methods read no clock and make no random choice.
/// [`apply`](Self::apply) is called for every input whenever the state is folded, [`react`](Self::react) once in the life
/// of a process: what it says is recorded, and never asked again.
#[diagnostic::on_unimplemented(
    message = "process manager `{Self}` does not say how it reacts to `{I}`",
    label = "`{I}` comes to the process from what is listed here, but `impl React<{I}> for {Self}` is missing",
    note = "write:\nimpl React<{I}> for {Self} {{\n    fn react(&self, input: &{I}, trigger: &Trigger) -> Reaction<Self> {{ /* .. */ }}\n}}"
)]
pub trait React<I>: ProcessManager {
    /// Remembers what the process has to know of the input later; nothing, unless something else is said.
    fn apply(&mut self, input: &I, trigger: &Trigger) {
        let _ = (input, trigger);
    }

    /// What is to be done; the state has the input applied.
    fn react(&self, input: &I, trigger: &Trigger) -> Reaction<Self>;
}
