//! What is measured, and how: wall and CPU time of this process, and, where an allocator counts, allocations.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;

/// What an allocator has counted so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allocated {
    pub times: u64,
    pub held_bytes: i64,
}

/// Set by the program whose allocator counts.
pub static ALLOCATED: OnceLock<fn() -> Allocated> = OnceLock::new();

pub fn allocated() -> Allocated {
    ALLOCATED.get().map_or_else(Allocated::default, |counted| counted())
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// How many events or commands it was.
    pub operations: u64,
    pub wall: Duration,
    pub cpu: Duration,
    pub allocations: u64,
    /// What the subject holds in memory afterwards that it did not before.
    pub held_bytes: i64,
    /// What it came to.
    pub check: u64,
}

/// A measurement that has begun.
#[derive(Debug)]
pub struct Watch {
    wall: Instant,
    cpu: ProcessTime,
    allocated: Allocated,
}

impl Watch {
    pub fn start() -> Self {
        let allocated = allocated();
        Self { cpu: ProcessTime::now(), wall: Instant::now(), allocated }
    }

    pub fn stop(self, operations: usize, check: u64) -> Sample {
        let (wall, cpu) = (self.wall.elapsed(), self.cpu.elapsed());
        let now = allocated();
        Sample {
            operations: operations as u64,
            wall,
            cpu,
            allocations: now.times - self.allocated.times,
            held_bytes: now.held_bytes - self.allocated.held_bytes,
            check,
        }
    }
}

/// How often a short work is repeated, so that a measurement is not of the clock.
pub fn repetitions(operations: usize) -> usize {
    (100_000 / operations.max(1)).clamp(1, 1_000)
}
