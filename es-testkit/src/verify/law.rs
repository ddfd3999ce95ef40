//! The laws by name, and how one that is broken is told.

use std::fmt::{self, Display};

/// What holds of every aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Law {
    /// Every version of every event, under every name that it ever had, is read; and what it is read as is stored and
    /// read back unchanged.
    EveryVersionReadsBack,
    /// A snapshot after any event, and the events after it, make the state that all events make.
    ///
    /// Skipped if the state is not `Serialize` and `Deserialize`.
    SnapshotAndTailEqualReplay,
    /// The events that handlers return make the state that is loaded from the store.
    HandlingEqualsReloading,
    /// The same events make the same state every time.
    ReplayIsDeterministic,
    /// A command that is refused writes nothing, and leaves the state as it was.
    RefusalWritesNothing,
    /// Every `#[invariant(..)]` holds after every event; skipped if there is none.
    InvariantsHold,
    /// What [`assert_locked!`](crate::assert_locked) says.
    EventsAreLocked,
}

impl Law {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EveryVersionReadsBack,
        Self::SnapshotAndTailEqualReplay,
        Self::HandlingEqualsReloading,
        Self::ReplayIsDeterministic,
        Self::RefusalWritesNothing,
        Self::InvariantsHold,
        Self::EventsAreLocked,
    ];
}

impl Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EveryVersionReadsBack => "every version of every event reads back",
            Self::SnapshotAndTailEqualReplay => "a snapshot and the tail equal a full replay",
            Self::HandlingEqualsReloading => "handling equals reloading",
            Self::ReplayIsDeterministic => "replay is deterministic",
            Self::RefusalWritesNothing => "a refusal writes nothing",
            Self::InvariantsHold => "the invariants hold",
            Self::EventsAreLocked => "the events are locked",
        })
    }
}

/// A law that an aggregate does not keep, with what breaks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{aggregate}` breaks the law that {law}:\n{fault}")]
pub struct Broken {
    /// The stored name of the aggregate.
    pub aggregate: &'static str,
    /// The law.
    pub law: Law,
    /// What breaks it: the event, the states, the fewest and smallest commands that were found.
    pub fault: String,
}
