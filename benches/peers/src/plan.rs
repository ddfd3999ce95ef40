//! Which workloads are measured at which sizes, and how often.

use crate::workload::Workload;

/// One workload.
#[derive(Debug, Clone)]
pub struct Part {
    pub workload: Workload,
    /// What the tables show.
    pub shown: Vec<usize>,
    /// What the growth is fitted to, beside those.
    pub others: Vec<usize>,
    /// Sizes at which only the limit and es-core are measured, because they take gigabytes.
    pub heavy: Vec<usize>,
}

impl Part {
    /// All sizes, smallest first, each with whether it is heavy.
    pub fn sizes(&self) -> Vec<(usize, bool)> {
        let light = self.shown.iter().chain(&self.others).map(|&size| (size, false));
        let mut sizes: Vec<_> = light.chain(self.heavy.iter().map(|&size| (size, true))).collect();
        sizes.sort_unstable();
        sizes
    }
}

/// What is measured.
#[derive(Debug, Clone)]
pub struct Plan {
    pub parts: Vec<Part>,
    pub rounds: usize,
}

impl Plan {
    pub fn full() -> Self {
        Self::of(1, 7)
    }

    /// A tenth of the sizes, in fewer rounds.
    pub fn quick() -> Self {
        Self::of(10, 3)
    }

    fn of(divisor: usize, rounds: usize) -> Self {
        let part = |workload, shown: &[usize], others: &[usize], heavy: &[usize]| {
            let divided = |sizes: &[usize]| sizes.iter().map(|size| size / divisor).collect();
            Part { workload, shown: divided(shown), others: divided(others), heavy: divided(heavy) }
        };
        let mut parts = vec![
            part(Workload::Replay, &[100_000], &[10_000, 1_000_000], &[]),
            part(Workload::OldVersions, &[100_000], &[10_000, 1_000_000], &[]),
            part(Workload::Commands, &[1_000], &[10_000], &[100_000]),
            part(Workload::EightTasks, &[1_000], &[10_000], &[100_000]),
            part(Workload::Long, &[10_000], &[1_000, 100_000], &[]),
            part(Workload::LongSnapshots, &[10_000], &[1_000, 100_000], &[]),
            part(Workload::LongCached, &[10_000], &[1_000, 100_000], &[]),
            part(Workload::Append, &[1_000_000], &[100_000], &[10_000_000]),
            part(Workload::Project, &[1_000_000], &[100_000], &[10_000_000]),
            part(Workload::Memory, &[100_000], &[10_000], &[1_000_000]),
        ];
        // A thousand events are few enough in any plan.
        for part in &mut parts[..2] {
            part.shown.insert(0, 1_000);
            part.others.retain(|&size| size != 1_000);
        }
        Self { parts, rounds }
    }

    #[must_use]
    pub fn only(mut self, workloads: &[Workload]) -> Self {
        self.parts.retain(|part| workloads.is_empty() || workloads.contains(&part.workload));
        self
    }
}
