//! Projections that write into something else than themselves: tables of the user's, inside a transaction.
//!
//! Knows neither what is written into nor how it is committed.

use std::error::Error;

use super::Projected;
use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::model::ProjectionModel;

/// A projection whose read model is somewhere else: in tables that it writes into through a `T`.
///
/// Derived, where `#[projection(..)]` says `into = T` and `error = E`; each of the events is then written by its
/// [`WriteTo`].
///
/// ```
/// use es_core::{Event, Projection, RecordedEvent, WriteTo};
/// use std::cell::RefCell;
/// use std::fmt;
///
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
/// #[event(name = "seat-taken")]
/// pub struct SeatTaken { pub by: String }
///
/// /// A guest list on paper.
/// #[derive(Debug, Projection)]
/// #[projection(name = "guest-list", into = RefCell<String>, error = fmt::Error, events(SeatTaken))]
/// pub struct GuestList;
///
/// impl WriteTo<RefCell<String>, SeatTaken> for GuestList {
///     fn write(&self, paper: &RefCell<String>, event: SeatTaken, _: &RecordedEvent) -> fmt::Result {
///         fmt::Write::write_str(&mut *paper.borrow_mut(), &event.by)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection into `{T}`",
    label = "used as one, but `#[projection(..)]` of it does not say `into`",
    note = "write `#[derive(Projection)]` and `#[projection(.., into = {T}, error = ..)]` on `{Self}`"
)]
pub trait ProjectionInto<T: ?Sized>: Send + Sync + 'static {
    /// What writing fails with.
    type Error: Error + Send + Sync + 'static;

    /// The stored name.
    const NAME: &'static str;
    /// The version; another one has a checkpoint of its own.
    const VERSION: u32;
    /// Everything the derive knows.
    const MODEL: ProjectionModel;

    /// Writes what an event says.
    ///
    /// # Errors
    /// See [`WriteError`]; what has been written by then is to be rolled back.
    fn write_event<C: Codec>(
        &self,
        codec: &C,
        target: &T,
        event: &RecordedEvent,
    ) -> Result<Projected, WriteError<Self::Error>>;
}

/// How one event is written into a `T`.
///
/// The error is that of `#[projection(.., error = ..)]`.
#[diagnostic::on_unimplemented(
    message = "projection `{Self}` does not say how event `{E}` is written into `{T}`",
    label = "`{E}` is listed here, but `impl WriteTo<{T}, {E}> for {Self}` is missing"
)]
pub trait WriteTo<T: ?Sized, E>: ProjectionInto<T> {
    /// Writes what the event says; `recorded` is the event as it was stored.
    ///
    /// # Errors
    /// Why it cannot be written; the transaction is then rolled back.
    fn write(&self, target: &T, event: E, recorded: &RecordedEvent) -> Result<(), Self::Error>;
}

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError<E: Error + 'static> {
    /// The event cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The projection failed.
    #[error(transparent)]
    Write(E),
}
