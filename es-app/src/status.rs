//! How the parts of an application are.

use es_core::store::CheckpointName;
use es_core::{Position, Timestamp};
use es_runner::{State, Status, Stopped};

/// How all parts are, as far as this node knows.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationStatus {
    /// Projections, processes and publishers, sorted by the bytes of their names.
    pub processors: Vec<(CheckpointName, Status)>,
    /// The deadlines of each process.
    pub deadlines: Vec<(CheckpointName, DeadlineStatus)>,
    /// The projections in memory.
    pub in_memory: Vec<(CheckpointName, MemoryStatus)>,
}

impl ApplicationStatus {
    /// Whether nothing has stopped by a failure, is being tried again, or is parked: what a health check asks.
    pub fn is_healthy(&self) -> bool {
        let is_well = |status: &Status| {
            !matches!(status.state, State::Stopped(Stopped::Failed { .. }) | State::Retrying { .. })
                && status.parked.events == 0
        };
        self.processors.iter().all(|(_, status)| is_well(status))
            && self.deadlines.iter().all(|(_, status)| status.errors.is_empty())
            && self.in_memory.iter().all(|(_, status)| status.errors.is_empty())
    }
}

/// How the deadlines of one type of process are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadlineStatus {
    /// When the next one is due, if this node is the one to reach it.
    pub next_due: Option<Timestamp>,
    /// How many this node has reached.
    pub reached: u64,
    /// What failed last, and what caused it; nothing, if something went well since.
    pub errors: Vec<String>,
}

/// How a projection in memory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryStatus {
    /// What it has seen.
    pub checkpoint: Position,
    /// Why it does not come further, and what caused that; nothing, if it does.
    pub errors: Vec<String>,
}
