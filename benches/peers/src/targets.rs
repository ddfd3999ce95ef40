//! What es-core is meant to reach, and whether it does: the numbers decide, nobody else.

use crate::plan::Plan;
use crate::results::{Metric, Results};
use crate::workload::Workload;

/// A number with what it should be.
#[derive(Debug, Clone)]
pub struct Target {
    pub what: String,
    pub measured: f64,
    pub limit: f64,
    /// Whether more is better.
    pub is_least: bool,
}

impl Target {
    pub fn is_met(&self) -> bool {
        // As it is printed.
        let measured = (self.measured * 100.0).round() / 100.0;
        if self.is_least { measured >= self.limit } else { measured <= self.limit }
    }
}

const OURS: &str = "es-core";
const LIMIT: &str = "by hand";
/// The limit that keeps ids, times and metadata as well.
const RECORDED: &str = "by hand, recorded";

/// Every target that was measured.
pub fn targets(results: &Results, plan: &Plan) -> Vec<Target> {
    let mut targets = Vec::new();
    let sizes = |workload| plan.parts.iter().find(|part| part.workload == workload).map(|part| part.shown.clone());
    let mut beside = |theirs: &str, workload: Workload, ours: &str, limit: f64, what: &str| {
        for size in sizes(workload).unwrap_or_default() {
            if let Some(measured) = results.ratio(workload, size, ours, theirs, Metric::of(workload)) {
                let what = format!("{what} ({})", crate::report::number(size as f64));
                targets.push(Target { what, measured, limit, is_least: false });
            }
        }
    };
    beside(
        RECORDED,
        Workload::LongCached,
        OURS,
        1.5,
        "command on a cached aggregate beside the limit that records as much",
    );
    let mut ratio = |workload, ours: &str, limit, what: &str| beside(LIMIT, workload, ours, limit, what);
    ratio(Workload::Replay, OURS, 1.02, "replay beside the limit");
    ratio(Workload::OldVersions, OURS, 1.05, "two hops beside the limit");
    ratio(Workload::LongCached, OURS, 1.5, "command on a cached aggregate beside the limit");
    ratio(Workload::Append, OURS, 1.5, "append beside the limit");
    ratio(Workload::Project, OURS, 1.25, "projection beside the limit");
    ratio(Workload::Replay, "es-core, compact", 0.4, "compact codec: replay beside the limit in JSON");
    for size in sizes(Workload::EightTasks).unwrap_or_default() {
        let one = results.spread(Workload::Commands, size, OURS, Metric::Wall);
        let eight = results.spread(Workload::EightTasks, size, OURS, Metric::Wall);
        if let (Some(one), Some(eight)) = (one, eight) {
            let what = "commands of eight tasks on two threads, in commands of one task".to_owned();
            targets.push(Target { what, measured: one.median / eight.median, limit: 1.6, is_least: true });
        }
    }
    for size in sizes(Workload::Memory).unwrap_or_default() {
        if let Some(held) = results.spread(Workload::Memory, size, OURS, Metric::HeldBytes) {
            let what = "bytes for a stored event beside its payload".to_owned();
            let measured = held.median - crate::script::mean_payload(size);
            targets.push(Target { what, measured, limit: 150.0, is_least: false });
        }
    }
    targets
}
