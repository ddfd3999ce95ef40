//! An event: a fact with a stored name and a version of its shape.

use crate::codec::{Codec, CodecError};
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::event_set::Events;
use crate::model::EventModel;
use crate::shape::Shape;

/// A fact that happened to an aggregate.
///
/// Derived, never written by hand: `#[derive(Event)]` knows every shape that was ever stored under the name.
///
/// ```
/// use es_core::Event;
/// use serde::{Deserialize, Serialize};
///
/// /// Money came in.
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "money-deposited", version = 3)]
/// #[upcast(1 => 2, rename(amt => amount))]
/// #[upcast(2 => 3, add(currency = "EUR"))]
/// pub struct MoneyDeposited {
///     pub amount: u64,
///     pub currency: String,
/// }
///
/// assert_eq!(MoneyDeposited::NAME, "money-deposited");
/// assert_eq!(MoneyDeposited::MODEL.hops[0].changes, ["rename(amt => amount)"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "used as an event, but `Event` is not derived for it",
    note = "write `#[derive(Event)]` and `#[event(name = \"..\")]` on `{Self}`"
)]
pub trait Event: Sized + Send + 'static {
    /// The stored name.
    const NAME: &'static str;
    /// Stored names that it had before; they are read like the current one, and never written.
    const ALIASES: &'static [&'static str];
    /// The version of the current shape; the first one is 1.
    const VERSION: u32;
    /// Everything the derive knows.
    const MODEL: EventModel;

    /// Encodes the event in its current version.
    ///
    /// # Errors
    /// What the codec refuses.
    fn encode<C: Codec>(&self, codec: &C) -> Result<Vec<u8>, CodecError>;

    /// Reads a stored event of this type in whatever version it was stored, and brings it to the current one.
    ///
    /// The payload is decoded straight into the shape of its version, then moved through the hops; the current version
    /// takes no hop. The name of `recorded` is not looked at.
    ///
    /// # Errors
    /// A version that this code does not know, a payload that does not fit its version, or a hop that failed.
    fn decode<C: Codec>(codec: &C, recorded: &RecordedEvent) -> Result<Self, DecodeError>;

    /// What payloads of a version look like; `None` for a version that is not read.
    ///
    /// The shapes of older versions follow from the current one and the hops.
    fn shape(version: u32) -> Option<Shape>;
}

/// The conversion that `#[upcast(.., from = Old)]` asks for; every `From` is one.
#[diagnostic::on_unimplemented(
    message = "the upcast from `{Old}` to `{Self}` is missing",
    label = "named as the older shape, but there is no conversion from it",
    note = "write `impl From<{Old}> for {Self}`"
)]
pub trait UpcastFrom<Old> {
    /// The newer shape of `old`.
    fn upcast_from(old: Old) -> Self;
}

impl<Old, New: From<Old>> UpcastFrom<Old> for New {
    #[inline]
    fn upcast_from(old: Old) -> New {
        New::from(old)
    }
}

/// How an event that is stored, but not wanted any more, is read as others.
///
/// Listed as `split(Relocated)` beside the aggregate's events.
/// The parts stand at the place of the stored event: the version of the stream and the positions of the log do not
/// change, and a consumer's checkpoint moves on after the last part.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which events of `{S}` it is read as",
    label = "listed in `split(..)`, but `impl SplitInto<{S}> for {Self}` is missing",
    note = "write:\nimpl SplitInto<{S}> for {Self} {{\n    fn split(self) -> Events<{S}> {{ events![/* .. */] }}\n}}"
)]
pub trait SplitInto<S>: Event {
    /// The events that it is read as, in order; none, one or several.
    fn split(self) -> Events<S>;
}
