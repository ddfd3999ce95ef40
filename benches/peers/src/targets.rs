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
    /// What stands between, for when it is missed.
    pub why: &'static str,
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

const REPLAY: &str = "An event of the store has an id, a time and metadata beside it, so there is more to read; a page of events is read through one boxed future, and the fold stands on each event by its id, version, position and time.";
const CACHED: &str = "An event is decoded again before it is appended, so that the state that is kept is the one that a replay would give; this is a sixth of it. The rest is a copy of the command for another attempt, the boxed future of a store that can be any, the search for the id among those of all events, and an outcome that tells version, position, events and metadata.";
const RECORDS: &str = "An event has an id, a time and metadata, which the limit does not keep.";
const PROJECTION: &str = "As for replay; and events are selected by category and name, and the checkpoint moves with each, under the lock that queries take.";
const COMPACT: &str = "The format tells of itself what it holds, so that a payload can be shown as JSON without the program that wrote it; the positional limit in the tables, which cannot, is the least that can be reached.";
const TASKS: &str = "One log has one order: appends get their places under one lock, and ids come from one counter, which move from one core to the other for each command. The limit has such a lock as well.";

/// Every target that was measured.
pub fn targets(results: &Results, plan: &Plan) -> Vec<Target> {
    let mut targets = Vec::new();
    let sizes = |workload| plan.parts.iter().find(|part| part.workload == workload).map(|part| part.shown.clone());
    let mut beside = |theirs: &str, workload: Workload, ours: &str, limit: f64, what: &str, why: &'static str| {
        for size in sizes(workload).unwrap_or_default() {
            if let Some(measured) = results.ratio(workload, size, ours, theirs, Metric::of(workload)) {
                let what = format!("{what} ({})", crate::report::number(size as f64));
                targets.push(Target { what, measured, limit, is_least: false, why });
            }
        }
    };
    let what = "command on a cached aggregate beside the limit that records as much";
    beside(RECORDED, Workload::LongCached, OURS, 1.5, what, CACHED);
    let mut ratio = |workload, ours: &str, limit, what: &str, why| beside(LIMIT, workload, ours, limit, what, why);
    ratio(Workload::Replay, OURS, 1.02, "replay beside the limit", REPLAY);
    ratio(Workload::OldVersions, OURS, 1.05, "two hops beside the limit", REPLAY);
    ratio(Workload::LongCached, OURS, 1.5, "command on a cached aggregate beside the limit", CACHED);
    ratio(Workload::Append, OURS, 1.5, "append beside the limit", RECORDS);
    ratio(Workload::Project, OURS, 1.25, "projection beside the limit", PROJECTION);
    ratio(Workload::Replay, "es-core, compact", 0.4, "compact codec: replay beside the limit in JSON", COMPACT);
    for size in sizes(Workload::EightTasks).unwrap_or_default() {
        for (name, limit) in [(OURS, 1.6), (LIMIT, 0.0)] {
            let one = results.spread(Workload::Commands, size, name, Metric::Wall);
            let eight = results.spread(Workload::EightTasks, size, name, Metric::Wall);
            if let (Some(one), Some(eight)) = (one, eight) {
                let size = crate::report::number(size as f64);
                let what = format!("{name}: commands of eight tasks on two threads, in commands of one task ({size})");
                let measured = one.median / eight.median;
                targets.push(Target { what, measured, limit, is_least: true, why: TASKS });
            }
        }
    }
    for size in sizes(Workload::Memory).unwrap_or_default() {
        if let Some(held) = results.spread(Workload::Memory, size, OURS, Metric::HeldBytes) {
            let what = "bytes for a stored event beside its payload".to_owned();
            let measured = held.median - crate::script::mean_payload(size);
            targets.push(Target { what, measured, limit: 150.0, is_least: false, why: RECORDS });
        }
    }
    targets
}
