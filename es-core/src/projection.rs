//! A projection: a read model that is a fold over events of any aggregates, and the queries that it answers.
//!
//! Pure: it sees no store; a driver hands it one event after the other.

mod keyed;
mod written;
mod written_async;

use crate::codec::Codec;
use crate::decode_error::DecodeError;
use crate::envelope::RecordedEvent;
use crate::model::ProjectionModel;

pub use self::keyed::{KeyedProjection, ProjectRow, RowChange, RowError, RowKey};
pub use self::written::{ProjectionInto, WriteError, WriteTo};
pub use self::written_async::{AsyncProjectionInto, AsyncWriteTo};

/// A read model built from the global log.
///
/// Derived; the derive finds the events by their stored names and decodes them, old versions included.
///
/// ```
/// use es_core::{Answer, Event, Project, Projection, Query, RecordedEvent};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
/// #[event(name = "counter-increased")]
/// pub struct CounterIncreased { pub by: u32 }
///
/// /// The sum over all counters.
/// #[derive(Debug, Default, Projection)]
/// #[projection(name = "grand-total", events(CounterIncreased))]
/// pub struct GrandTotal { sum: u64 }
///
/// impl Project<CounterIncreased> for GrandTotal {
///     fn project(&mut self, event: CounterIncreased, _recorded: &RecordedEvent) { self.sum += u64::from(event.by); }
/// }
///
/// pub struct GetGrandTotal;
/// impl Query for GetGrandTotal { type Answer = u64; }
/// impl Answer<GetGrandTotal> for GrandTotal {
///     fn answer(&self, _query: GetGrandTotal) -> u64 { self.sum }
/// }
/// assert_eq!(GrandTotal::default().answer(GetGrandTotal), 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "used as a projection, but `Projection` is not derived for it",
    note = "write `#[derive(Projection)]` and `#[projection(..)]` on `{Self}`"
)]
pub trait Projection: Send + Sync + 'static {
    /// The stored name.
    const NAME: &'static str;
    /// The version; another one has a checkpoint of its own.
    const VERSION: u32 = 1;
    /// Everything the derive knows.
    const MODEL: ProjectionModel;

    /// Takes in one event of the log.
    ///
    /// # Errors
    /// The event is one of the projection's and cannot be read; the read model is then as before.
    fn project_event<C: Codec>(&mut self, codec: &C, event: &RecordedEvent) -> Result<Projected, DecodeError>;
}

/// What became of an event of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// The read model took it in.
    Applied,
    /// Its stored name is not among the projection's events.
    NotListed,
}

/// How one event changes a read model.
///
/// `recorded` is the event as it was stored: its stream, position, time and metadata.
#[diagnostic::on_unimplemented(
    message = "projection `{Self}` does not say how event `{E}` changes it",
    label = "`{E}` is listed here, but `impl Project<{E}> for {Self}` is missing",
    note = "write:\nimpl Project<{E}> for {Self} {{\n    fn project(&mut self, event: {E}, recorded: &RecordedEvent) {{ /* .. */ }}\n}}"
)]
pub trait Project<E> {
    /// Changes the read model as the event says.
    fn project(&mut self, event: E, recorded: &RecordedEvent);
}

/// A question, with the type of its answer.
pub trait Query {
    /// What it is answered with.
    type Answer;
}

/// Says that a read model answers a query.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer `{Q}`",
    note = "write `impl Answer<{Q}> for {Self}`"
)]
pub trait Answer<Q: Query> {
    /// The answer, as of what the read model has seen.
    fn answer(&self, query: Q) -> Q::Answer;
}
