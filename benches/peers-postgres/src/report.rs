//! The rounds as Markdown.

use std::fmt::Write as _;

use crate::measure::{CONNECTIONS, STREAM, Sample, WRITERS, median};

/// All rounds of one subject.
pub struct Measured {
    pub name: &'static str,
    pub differs: &'static str,
    pub rounds: Vec<Sample>,
    pub is_ours: bool,
    pub is_peer: bool,
}

/// One figure of a sample, and whether less is better.
struct Figure {
    title: &'static str,
    unit: &'static str,
    of: fn(&Sample) -> f64,
    is_cost: bool,
}

const FIGURES: [Figure; 4] = [
    Figure { title: "One event, a lone writer", unit: "µs for an append", of: |sample| sample.lone, is_cost: true },
    Figure {
        title: "The same without the disk",
        unit: "µs for an append",
        of: |sample| sample.lone_in_memory,
        is_cost: true,
    },
    Figure { title: "64 writers", unit: "appends in a second", of: |sample| sample.many, is_cost: false },
    Figure {
        title: "A stream of 1,000 events is read and decoded",
        unit: "µs for a load",
        of: |sample| sample.load,
        is_cost: true,
    },
];

pub fn markdown(measured: &[Measured], server: &str, lone: u64) -> String {
    let rounds = measured.first().map_or(0, |first| first.rounds.len());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut text = String::from("# PostgreSQL, beside its peers\n\nWritten by `benches/postgres`; do not edit.\n\n");
    let _ = writeln!(
        text,
        "One throwaway server, {server}, with its own settings (`fsync` and `synchronous_commit` on), on a machine of {cores} cores, over the loopback address.\n\
         Every subject has a database of its own on it, {CONNECTIONS} connections, and the same event of about 200 bytes of JSON; the subjects take turns in {rounds} rounds.\n\
         A lone writer appends {lone} events, one by one, to one stream, saying which version it expects; {WRITERS} writers do so at once, each to a stream of its own; a stream of {STREAM} events is read and decoded into its type.\n\
         `without the disk` is the lone writer in a database with `synchronous_commit = off`, which leaves what the statements and the round trips cost.\n\
         A figure is the median of the rounds, with the least and the greatest. `beside ours` is how many times as long the subject takes as es-postgres-store, the median of the ratios within the rounds: above 1, ours is ahead.\n\
         The load of the machine was {} at the end; of that of one program, about 2 is to be expected.\n\
         The disk is shared, so ratios say more than times, and those of a lone writer that waits for the disk say mostly what the disk did.\n",
        load()
    );
    let ours = measured.iter().find(|subject| subject.is_ours);
    let mut behind = Vec::new();
    for Figure { title, unit, of, is_cost } in &FIGURES {
        let _ = writeln!(text, "## {title}\n\n| | {unit} | least – greatest | beside ours |\n|---|---:|---:|---:|");
        let mut lines: Vec<_> =
            measured.iter().map(|subject| (median(subject.rounds.iter().map(of).collect()), subject)).collect();
        lines.sort_by(|one, other| if *is_cost { one.0.total_cmp(&other.0) } else { other.0.total_cmp(&one.0) });
        for (middle, subject) in lines {
            let values = subject.rounds.iter().map(of);
            let (least, greatest) = (values.clone().fold(f64::MAX, f64::min), values.fold(0.0, f64::max));
            let ratios = ours.iter().flat_map(|ours| subject.rounds.iter().zip(&ours.rounds));
            let ratios = ratios.map(|(one, ours)| if *is_cost { of(one) / of(ours) } else { of(ours) / of(one) });
            let ratio = median(ratios.collect());
            if ratio < 1.0 && subject.is_peer {
                behind.push(format!("- {} is ahead of es-postgres-store: {title}, {ratio:.2}.\n", subject.name));
            }
            let _ = writeln!(text, "| {} | {middle:.0} | {least:.0} – {greatest:.0} | {ratio:.2} |", subject.name);
        }
        text.push('\n');
    }
    text.push_str("## The target: ahead of each peer\n\n");
    if behind.is_empty() {
        text.push_str("Met: es-postgres-store is ahead of each of them in all of them.\n");
    }
    text.extend(behind);
    text.push_str("\n## What each does otherwise\n\n| | version | |\n|---|---|---|\n");
    for subject in measured {
        let _ = writeln!(text, "| {} | {} | {} |", subject.name, version(subject.name), subject.differs);
    }
    for subject in measured.iter().filter(|subject| subject.rounds.iter().any(|round| round.again > 0)) {
        let again: u64 = subject.rounds.iter().map(|round| round.again).sum();
        let _ = writeln!(
            text,
            "\n{} refused {again} of the appends of {WRITERS} writers, which were sent again.",
            subject.name
        );
    }
    text.push_str(NOT_MEASURED);
    text
}

const NOT_MEASURED: &str = "
## Not measured

- sourcery (0.2.0) is under the GPL, which nothing here may be linked with.
- eventually-postgres (0.2.0) runs on tokio 0.2 and tokio-postgres 0.5, and fits no eventually that came after them.
";

/// The load of the last five minutes.
fn load() -> String {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').nth(1).unwrap_or("unknown").to_owned()
}

/// The version of a subject's crate, as the lock file has it.
fn version(name: &str) -> &'static str {
    let krate = match name.trim_matches('*').split([' ', ',']).next() {
        Some("bare") | None => "tokio-postgres",
        Some(krate) => krate,
    };
    let lock = include_str!("../Cargo.lock");
    let mut lines = lock.lines().skip_while(|line| line.strip_prefix("name = \"") != Some(&format!("{krate}\"")));
    lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"')).unwrap_or("?")
}
