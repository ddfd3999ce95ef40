//! Two aggregates and a projection that say everything that could disturb a document.

use std::convert::Infallible;

use es_core::{
    Aggregate, Apply, Command, Decision, Event, EventData, Events, Handle, Project, Projection, RecordedEvent,
    SplitInto, events,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
#[serde(tag = "type")]
pub(crate) enum Kind {
    A,
    B { x: u8 },
}

/// Filled | with `things`.
///
/// # Remarks
///
/// See [`Cart`] and Vec<u8>.
///
/// ```
/// # hidden();
/// let x = 1;
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "cart|`filled` <now>", version = 4, oldest = 2, alias = "cart-filled", alias = "filled")]
#[upcast(2 => 3, rename(items => parts))]
#[upcast(3 => 4, add(kind = Kind::A, note = String::new()))]
pub(crate) struct CartFilled {
    /// What is in it.
    parts: Vec<(String, u32)>,
    /// Which a | b
    /// Vec<T> `x | y` **z**.
    kind: Kind,
    /// Free text.
    ///
    /// Of *any* length.
    #[serde(default, rename = "remark")]
    note: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "checked-out")]
pub(crate) struct CheckedOut(u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "cart-moved")]
pub(crate) struct CartMoved {
    to: String,
}

impl SplitInto<CartEvent> for CartMoved {
    fn split(self) -> Events<CartEvent> {
        events![CheckedOut(self.to.len() as u64)]
    }
}

#[derive(Debug, Clone, Command)]
#[command(create, emits = CartFilled { kind: Kind::A, .. })]
#[require(!command.parts.is_empty() || !command.note.contains('|'), Empty)]
#[require(command.note != "a \\| `b`" && command.note.chars().all(|letter| letter != '|'), Empty)]
pub(crate) struct Fill {
    /// What, and how many | of it.
    parts: Vec<(String, u32)>,
    note: String,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("nothing is in the cart")]
pub(crate) struct Empty;

#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "cart", id = String, error = Empty, commands(Fill, self::by_hand::Check),
    events(CartFilled, CheckedOut), split(CartMoved), retired("cart-printed", "cart-lost"),
)]
pub(crate) struct Cart;

impl Apply<CartFilled> for Cart {
    fn apply(&mut self, _: CartFilled) {}
}

impl Apply<CheckedOut> for Cart {
    fn apply(&mut self, _: CheckedOut) {}
}

mod by_hand {
    #[derive(Debug, Clone, es_core::Command)]
    pub(crate) struct Check;
}

impl Handle<by_hand::Check> for Cart {
    fn handle(&self, _: by_hand::Check) -> Decision<Self> {
        Ok(events![])
    }
}

/// The same name, of another thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "checked-out")]
pub(crate) struct Taken {
    count: u64,
}

#[derive(Debug, Clone, Command)]
#[command(emits = Taken)]
pub(crate) struct Check {
    count: u64,
}

#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "stock", id = String, error = Infallible, events(Taken), commands(Check))]
pub(crate) struct Stock;

impl Apply<Taken> for Stock {
    fn apply(&mut self, _: Taken) {}
}

/// How much was sold.
#[derive(Debug, Default, Projection)]
#[projection(name = "turnover", events(CartFilled, Taken))]
pub(crate) struct Turnover;

impl Project<CartFilled> for Turnover {
    fn project(&mut self, _: CartFilled, _: &RecordedEvent) {}
}

impl Project<Taken> for Turnover {
    fn project(&mut self, _: Taken, _: &RecordedEvent) {}
}
