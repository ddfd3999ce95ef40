//! What a process keeps in its own streams, as data for the lock of shapes and other tools.

use super::{ProcessManager, ScheduledBy, SentBy};
use crate::__private::{Read, Written};
use crate::aggregate::Aggregate;
use crate::codec::{Codec, Json};
use crate::command::Command;
use crate::decode_error::{DecodeError, DecodeReason};
use crate::envelope::RecordedEvent;
use crate::event::Event;
use crate::model::{CommandModel, EventModel};
use crate::shape::Shape;

/// One of the types whose values stand in the streams of a process, in every version in which they may stand there.
///
/// ```
/// use es_core::ProcessManager;
///
/// fn kept<P: ProcessManager>() -> Vec<(&'static str, u32)> {
///     P::STORED.iter().map(|form| (form.name, form.version)).collect()
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StoredForm {
    /// What it is to the process.
    pub kind: StoredKind,
    /// The name under which it is kept.
    pub name: &'static str,
    /// The names under which it was kept before.
    pub aliases: &'static [&'static str],
    /// The current version of its shape.
    pub version: u32,
    /// The oldest version that is read.
    pub oldest: u32,
    /// What a version looks like; `None` for one that is not read.
    pub shape: fn(u32) -> Option<Shape>,
    /// What a stored one reads as today, as JSON of the current version.
    pub read: fn(&RecordedEvent) -> Result<Vec<u8>, DecodeError>,
}

/// What something kept is to its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StoredKind {
    /// An event that it reacted to, of which it has a copy.
    Event,
    /// A deadline that it has set.
    Deadline,
    /// A command that it has sent.
    Command {
        /// The stored name of the aggregate.
        aggregate: &'static str,
    },
}

impl StoredForm {
    /// An event that a process reacts to.
    pub const fn event<E: Event>() -> Self {
        Self::of(StoredKind::Event, &E::MODEL, E::shape, read_event::<E>)
    }

    /// A deadline.
    pub const fn deadline<P: ProcessManager, D: ScheduledBy<P>>() -> Self {
        Self::of(StoredKind::Deadline, &D::MODEL, D::shape, read_event::<D>)
    }

    /// A command to an aggregate.
    pub const fn command<P: ProcessManager, A: Aggregate, M: SentBy<P, A>>() -> Self {
        let CommandModel { name, aliases, version, oldest, .. } = M::MODEL;
        let kind = StoredKind::Command { aggregate: A::NAME };
        Self { kind, name, aliases, version, oldest, shape: M::shape_of, read: read_command::<M> }
    }

    const fn of(
        kind: StoredKind,
        model: &EventModel,
        shape: fn(u32) -> Option<Shape>,
        read: fn(&RecordedEvent) -> Result<Vec<u8>, DecodeError>,
    ) -> Self {
        let EventModel { name, aliases, version, oldest, .. } = *model;
        Self { kind, name, aliases, version, oldest, shape, read }
    }
}

fn read_event<E: Event>(recorded: &RecordedEvent) -> Result<Vec<u8>, DecodeError> {
    let event = E::decode(&Json, recorded)?;
    event.encode(&Json).map_err(|cause| DecodeError::new(recorded, DecodeReason::Payload(cause)))
}

fn read_command<M: Command + Written + Read>(recorded: &RecordedEvent) -> Result<Vec<u8>, DecodeError> {
    let command = M::decode(&Json, recorded)?;
    Json.encode(&command).map_err(|cause| DecodeError::new(recorded, DecodeReason::Payload(cause)))
}
