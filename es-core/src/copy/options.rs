//! Where a copy starts, how it goes on, and what it tells.

use std::fmt;

use super::Checksum;
use crate::version::Position;

/// How far a copy has come: everything up to here in the source is in the target, up to there.
///
/// Kept by the caller, for example in a file, it spares the next run the comparison of what lies before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CopyCheckpoint {
    /// The position in the source that has been copied.
    pub source: Position,
    /// The position in the target where what has been made of it ends.
    pub target: Position,
}

/// How to copy; from the start, unless something else is said.
///
/// ```
/// use es_core::copy::{CopyCheckpoint, CopyOptions};
/// use es_core::Position;
///
/// // The target has had 120 events of its own before the copy began, which began at the source's event 5000.
/// let start = CopyCheckpoint { source: Position::new(5_000), target: Position::new(120) };
/// let mut last = start;
/// let options = CopyOptions::new().resume(start).batch(100).on_progress(|progress| last = progress.checkpoint);
/// ```
pub struct CopyOptions<'a> {
    pub(super) checkpoint: CopyCheckpoint,
    pub(super) batch: usize,
    pub(super) on_progress: Option<OnProgress<'a>>,
}

type OnProgress<'a> = Box<dyn FnMut(&CopyProgress) + Send + 'a>;

impl<'a> CopyOptions<'a> {
    /// From the start of the source, into a target without events, 512 events at a time.
    pub fn new() -> Self {
        Self { checkpoint: CopyCheckpoint::default(), batch: 512, on_progress: None }
    }

    /// Copies what follows `checkpoint` in the source to what follows it in the target.
    #[must_use]
    pub fn resume(self, checkpoint: CopyCheckpoint) -> Self {
        Self { checkpoint, ..self }
    }

    /// Reads so many events at a time, and appends at most so many at once; 0 is taken as 1.
    ///
    /// Events next to each other that go to one stream are appended together.
    #[must_use]
    pub fn batch(self, events: usize) -> Self {
        Self { batch: events.max(1), ..self }
    }

    /// Hears of each batch when it is in the target.
    #[must_use]
    pub fn on_progress(self, hear: impl FnMut(&CopyProgress) + Send + 'a) -> Self {
        Self { on_progress: Some(Box::new(hear)), ..self }
    }
}

impl Default for CopyOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CopyOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOptions")
            .field("checkpoint", &self.checkpoint)
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

/// A copy on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyProgress {
    /// Where a next run can start.
    pub checkpoint: CopyCheckpoint,
    /// The position in the source where this run ends.
    pub head: Position,
    /// How many events of the source this run has read.
    pub read: u64,
    /// How many events it found in the target, as they should be.
    pub present: u64,
    /// How many events it has appended.
    pub written: u64,
}

/// A copy at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyReport {
    /// Where a next run can start, when the source has grown.
    pub checkpoint: CopyCheckpoint,
    /// How many events of the source this run has read.
    pub read: u64,
    /// How many events it found in the target, as they should be.
    pub present: u64,
    /// How many events it has appended.
    pub written: u64,
    /// What the target holds after the checkpoint that the run started with; it is what was to be written.
    pub checksum: Checksum,
}
