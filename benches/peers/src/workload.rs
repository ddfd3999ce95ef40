//! What every subject is asked to do.

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Workload {
    /// One stream of so many events is read and folded.
    Replay,
    /// As before, but the deposits were stored two versions ago.
    OldVersions,
    /// So many streams are opened, and get five commands each.
    Commands,
    /// As before, by eight tasks on two threads.
    EightTasks,
    /// Commands on a stream of so many events, which is read in full for each.
    Long,
    /// As before, with snapshots.
    LongSnapshots,
    /// As before, with the state kept at hand.
    LongCached,
    /// So many events are encoded and appended, ten at a time.
    Append,
    /// So many events of all streams are read into the balances.
    Project,
    /// What so many stored events take in memory.
    Memory,
}

impl Workload {
    pub const ALL: [Self; 10] = [
        Self::Replay,
        Self::OldVersions,
        Self::Commands,
        Self::EightTasks,
        Self::Long,
        Self::LongSnapshots,
        Self::LongCached,
        Self::Append,
        Self::Project,
        Self::Memory,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::OldVersions => "old-versions",
            Self::Commands => "commands",
            Self::EightTasks => "eight-tasks",
            Self::Long => "long-stream",
            Self::LongSnapshots => "long-stream-snapshots",
            Self::LongCached => "long-stream-cached",
            Self::Append => "append",
            Self::Project => "projection",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|workload| workload.name() == text);
        found.ok_or_else(|| format!("`{text}` is no workload"))
    }
}
