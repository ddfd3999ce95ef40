//! Projections that write into something else than themselves, and wait for it: tables of a server's.
//!
//! Knows neither what is written into nor how it is committed.

use std::error::Error;
use std::future::Future;

use super::{Projected, WriteError};
use crate::codec::Codec;
use crate::envelope::RecordedEvent;
use crate::model::ProjectionModel;

/// A [`ProjectionInto`](super::ProjectionInto) whose target is waited for.
///
/// Derived, where `#[projection(..)]` says `into = async T` and `error = E`; each of the events is then written by its
/// [`AsyncWriteTo`].
///
/// ```
/// use es_core::{AsyncWriteTo, Event, Projection, RecordedEvent};
/// use std::sync::Mutex;
///
/// #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, Event)]
/// #[event(name = "seat-taken")]
/// pub struct SeatTaken { pub by: String }
///
/// /// A guest list that somebody else keeps.
/// #[derive(Debug, Projection)]
/// #[projection(name = "guest-list", into = async Mutex<String>, error = std::fmt::Error, events(SeatTaken))]
/// pub struct GuestList;
///
/// impl AsyncWriteTo<Mutex<String>, SeatTaken> for GuestList {
///     async fn write(&self, paper: &Mutex<String>, event: SeatTaken, _: &RecordedEvent) -> std::fmt::Result {
///         paper.lock().map_err(|_| std::fmt::Error)?.push_str(&event.by);
///         Ok(())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection into `{T}` that waits for it",
    label = "used as one, but `#[projection(..)]` of it does not say `into = async`",
    note = "write `#[derive(Projection)]` and `#[projection(.., into = async {T}, error = ..)]` on `{Self}`"
)]
pub trait AsyncProjectionInto<T: ?Sized + Sync>: Send + Sync + 'static {
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
    ) -> impl Future<Output = Result<Projected, WriteError<Self::Error>>> + Send;
}

/// How one event is written into a `T`.
///
/// Implemented with an `async fn`. The error is that of `#[projection(.., error = ..)]`.
#[diagnostic::on_unimplemented(
    message = "projection `{Self}` does not say how event `{E}` is written into `{T}`",
    label = "`{E}` is listed here, but `impl AsyncWriteTo<{T}, {E}> for {Self}` is missing"
)]
pub trait AsyncWriteTo<T: ?Sized + Sync, E>: AsyncProjectionInto<T> {
    /// Writes what the event says; `recorded` is the event as it was stored.
    ///
    /// # Errors
    /// Why it cannot be written; the transaction is then rolled back.
    fn write(
        &self,
        target: &T,
        event: E,
        recorded: &RecordedEvent,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
