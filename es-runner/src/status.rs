//! What is told about processors: where each is, how it is, and what has just happened to it.

use std::time::Duration;

use es_core::store::{CheckpointName, ParkedCount};
use es_core::{EventRef, Position, Timestamp};

/// How a processor is, as far as this node knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// Everything up to here is done; `None` if nothing is, or if nobody has looked yet.
    pub checkpoint: Option<Position>,
    /// The last event of the log that was seen.
    pub head: Position,
    /// When the oldest event that waits for it happened; `None` if none is known to wait.
    pub oldest_waiting: Option<Timestamp>,
    /// Whether it comes nearer to the head.
    pub trend: Trend,
    /// How much of it is parked; of a node that is not active, how much was parked when it was.
    pub parked: ParkedCount,
    /// The token of the lease under which this node is active; `None` where it is not, or where there are no leases.
    pub token: Option<u64>,
}

impl Status {
    pub(crate) fn new(state: State) -> Self {
        let (checkpoint, oldest_waiting, trend) = (None, None, Trend::Steady);
        Self {
            state,
            checkpoint,
            head: Position::START,
            oldest_waiting,
            trend,
            parked: ParkedCount::default(),
            token: None,
        }
    }

    /// How many positions lie between the checkpoint and the head; not all of them need be events for this processor.
    pub fn lag(&self) -> u64 {
        self.head.get().saturating_sub(self.checkpoint.unwrap_or_default().get())
    }

    /// How long ago the oldest event happened that waits for it; nothing, if none is known to wait.
    pub fn lag_time(&self, now: Timestamp) -> Duration {
        let micros = self.oldest_waiting.map_or(0, |oldest| now.as_micros().saturating_sub(oldest.as_micros()));
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// What a processor is doing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum State {
    /// Nobody here has been told of a processor of this name; another program may run it.
    Unknown,
    /// It is finding out where it is.
    Starting,
    /// Another node is active; this one takes over when that one ends.
    Standby {
        /// The owner of the lease.
        held_by: String,
    },
    /// It is behind the head of the log, and goes on.
    CatchingUp,
    /// It has done everything there is, and waits for more.
    Live,
    /// Something failed, and will be tried again.
    Retrying {
        /// How often it has failed.
        failures: u32,
        /// What failed, and what caused it.
        errors: Vec<String>,
        /// How long it waits before it tries again.
        wait: Duration,
    },
    /// It does nothing until it is resumed.
    Stopped(Stopped),
}

/// Why a processor does nothing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Stopped {
    /// Somebody said so.
    Requested,
    /// An event failed more often than it is tried; everything before it is done.
    Failed {
        /// The event, if it could be told.
        at: Option<EventRef>,
        /// What failed, and what caused it.
        errors: Vec<String>,
    },
    /// A newer version has taken over.
    Replaced {
        /// The name of the newer version.
        by: CheckpointName,
    },
}

/// Where the lag goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trend {
    /// It shrinks.
    Shrinking,
    /// It is as it was.
    #[default]
    Steady,
    /// It grows: events come faster than they are processed.
    Growing,
}

impl Trend {
    pub(crate) fn between(before: u64, now: u64) -> Self {
        match now.cmp(&before) {
            std::cmp::Ordering::Less => Self::Shrinking,
            std::cmp::Ordering::Equal => Self::Steady,
            std::cmp::Ordering::Greater => Self::Growing,
        }
    }
}

/// Something that has happened to a processor.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The name of the processor.
    pub processor: CheckpointName,
    /// What has happened.
    pub what: Happened,
}

/// What has happened to a processor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Happened {
    /// This node has become the active one, with the token of its lease if there are leases.
    Activated {
        /// The token.
        token: Option<u64>,
    },
    /// The lease was lost; what was under way has been dropped.
    LeaseLost,
    /// A batch was committed.
    Committed {
        /// How many events were processed.
        events: usize,
        /// The new checkpoint.
        done: Position,
        /// The head of the log.
        total: Position,
        /// Positions per second since the processor became active or was cleared.
        per_second: f64,
    },
    /// Something failed, and will be tried again.
    Failed {
        /// What failed, and what caused it.
        errors: Vec<String>,
    },
    /// Another instance has moved the checkpoint; this one goes on from there.
    Superseded,
    /// An event was parked.
    Parked {
        /// The place of the event.
        position: Position,
        /// What it is about.
        keys: Vec<String>,
    },
    /// Everything was forgotten, and is done again from the beginning of the log.
    Cleared {
        /// The head of the log: when this is reached, it is rebuilt.
        total: Position,
    },
    /// A rebuild has come to where the head was when it began.
    Rebuilt,
    /// It has taken over from an older version, which had done everything up to the mark.
    Promoted {
        /// The mark.
        mark: Position,
    },
    /// It does nothing until it is resumed.
    Stopped(Stopped),
}
