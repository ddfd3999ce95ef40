//! A command: a wish that an aggregate turns into events or refuses.

use std::any::type_name;

use serde::de::DeserializeOwned;

use crate::aggregate::Aggregate;
use crate::codec::Codec;
use crate::decode_error::{DecodeError, DecodeReason};
use crate::envelope::RecordedEvent;
use crate::event_set::Events;
use crate::model::CommandModel;
use crate::shape::Shape;

/// What an aggregate answers to a command: the events that happen, or why nothing does.
pub type Decision<A> = Result<Events<<A as Aggregate>::Event>, <A as Aggregate>::Error>;

/// A wish to change an aggregate.
///
/// Derived. A command that says what it emits gets its handler from the derive:
///
/// - `#[command(emits = MoneyDeposited)]`: every field goes to the field of the same name of the event;
/// - `emits = MoneyDeposited { amount, currency: "EUR".into() }`: exactly these; `{ note: None, .. }`: these, and all
///   other fields of the command;
/// - `#[command(create, ..)]`: only for an aggregate that does not exist yet;
/// - `#[require(command.amount > 0, AccountError::NotPositive)]`: rules, checked in order; the first that does not
///   hold refuses the command;
/// - `#[command(aggregate = Account, ..)]`: rules and fields may then also look at `state`.
///
/// Any other command is decided by your [`Handle`].
///
/// A command that a process manager sends is stored before it is sent, and may be read when its shape has long been
/// another.
/// So it has versions as an [event](crate::Event) has: the first is 1, and each later one says how it came from the one
/// before.
///
/// ```
/// use es_core::Command;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, Serialize, Deserialize, Command)]
/// #[command(version = 2, alias = "TakeMoney")]
/// #[upcast(1 => 2, add(currency = "EUR"))]
/// pub struct Withdraw {
///     pub amount: u64,
///     pub currency: String,
/// }
///
/// assert_eq!(Withdraw::MODEL.name, "Withdraw");
/// assert_eq!(Withdraw::MODEL.hops[0].changes, ["add(currency = \"EUR\")"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command",
    label = "listed as a command, but `Command` is not derived for it",
    note = "write `#[derive(Command)]` on `{Self}`"
)]
pub trait Command {
    /// Everything the derive knows.
    const MODEL: CommandModel;

    /// What it looks like as serde reads it, whether or not it is `Deserialize`.
    fn shape() -> Shape;

    /// What a stored version of it looks like; `None` for one that is not read.
    fn shape_of(version: u32) -> Option<Shape> {
        (version == Self::MODEL.version).then(Self::shape)
    }

    /// Reads a stored command of this type in whatever version it was stored, and brings it to the current one.
    ///
    /// The name of `recorded` is not looked at.
    ///
    /// # Errors
    /// A version that this code does not know, a payload that does not fit its version, or a hop that failed.
    fn decode<C: Codec>(codec: &C, recorded: &RecordedEvent) -> Result<Self, DecodeError>
    where
        Self: Sized + DeserializeOwned,
    {
        let CommandModel { version, oldest, .. } = Self::MODEL;
        let reason = match recorded.schema_version {
            found if found == version => {
                let read = codec.decode(&recorded.payload);
                return read.map_err(|cause| DecodeError::new(recorded, DecodeReason::Payload(cause)));
            }
            found if found > version => DecodeReason::FutureVersion { current: version },
            _ => DecodeReason::UnsupportedVersion { oldest },
        };
        Err(DecodeError::new(recorded, reason))
    }
}

/// How an aggregate decides about a command.
///
/// Pure: it looks at the state and the command, reads no clock, makes no random choice, and changes nothing.
///
/// ```
/// # use es_core::{Aggregate, Apply, Command, Decision, Event, Handle, events};
/// # #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Event)]
/// # #[event(name = "money-withdrawn")]
/// # pub struct MoneyWithdrawn { pub amount: u64 }
/// # #[derive(Debug, Clone, Command)]
/// # pub struct Withdraw { pub amount: u64 }
/// # #[derive(Debug, PartialEq, thiserror::Error)]
/// # pub enum AccountError { #[error("not covered")] InsufficientFunds }
/// # #[derive(Debug, Default, Aggregate)]
/// # #[aggregate(name = "account", id = String, error = AccountError, events(MoneyWithdrawn), commands(Withdraw))]
/// # pub struct Account { balance: u64 }
/// # impl Apply<MoneyWithdrawn> for Account { fn apply(&mut self, e: MoneyWithdrawn) { self.balance -= e.amount; } }
/// impl Handle<Withdraw> for Account {
///     fn handle(&self, command: Withdraw) -> Decision<Self> {
///         if self.balance < command.amount {
///             return Err(AccountError::InsufficientFunds);
///         }
///         Ok(events![MoneyWithdrawn { amount: command.amount }])
///     }
/// }
/// assert_eq!(Account::default().handle(Withdraw { amount: 1 }), Err(AccountError::InsufficientFunds));
/// ```
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` does not say how it handles command `{C}`",
    label = "`{C}` is listed here, but neither declares what it emits nor has an `impl Handle<{C}> for {Self}`",
    note = "declare it with `#[command(emits = ..)]`, or write:\nimpl Handle<{C}> for {Self} {{\n    fn handle(&self, command: {C}) -> Decision<Self> {{ /* .. */ }}\n}}"
)]
pub trait Handle<C>: Aggregate {
    /// The events that `command` leads to, or why it is refused.
    ///
    /// # Errors
    /// The broken rule.
    fn handle(&self, command: C) -> Decision<Self>;
}

/// A command as its aggregate sees it, whether its handler is declared or written by hand.
///
/// Implemented by `#[derive(Command)]`, and for the command enum by `#[derive(Aggregate)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a command of `{A}`",
    label = "`Command` is not derived for it, or for another aggregate only",
    note = "write `#[derive(Command)]` on `{Self}`; if it says `#[command(aggregate = ..)]`, that must be `{A}`"
)]
pub trait HandledBy<A: Aggregate> {
    /// The name of its Rust type: `Deposit`, also where the command is one of the set.
    #[inline]
    fn name(&self) -> &'static str {
        let path = type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// Whether it is only accepted by an aggregate that does not exist yet; no, unless something else is said.
    #[inline]
    fn creates(&self) -> bool {
        false
    }

    /// The events that it leads to, or why it is refused.
    ///
    /// # Errors
    /// The broken rule.
    fn handled_by(self, state: &A) -> Decision<A>;
}
