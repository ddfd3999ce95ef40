//! `docs/benchmarks.md`, written from the numbers.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use crate::machine;
use crate::plan::Plan;
use crate::plots;
use crate::results::{Metric, Outcome, Results};
use crate::subjects::{LEFT_OUT, SUBJECTS, Subject};
use crate::targets::targets;
use crate::workload::Workload;

/// What is reported.
#[derive(Debug)]
pub struct Report<'r> {
    pub results: &'r Results,
    pub plan: &'r Plan,
    pub is_quick: bool,
}

/// 12 345 or 12.3.
pub fn number(value: f64) -> String {
    if value.abs() < 99.95 {
        let digits = if value.abs() < 9.995 { 2 } else { 1 };
        let text = format!("{value:.digits$}");
        return if value.fract() == 0.0 { format!("{value:.0}") } else { text };
    }
    let digits = format!("{:.0}", value);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn unit(workload: Workload) -> &'static str {
    match workload {
        Workload::Replay | Workload::OldVersions | Workload::Append | Workload::Project => "ns/event",
        Workload::Memory => "bytes/event",
        _ => "ns/command",
    }
}

fn title(workload: Workload) -> &'static str {
    match workload {
        Workload::Replay => "Replay",
        Workload::OldVersions => "Old versions, two hops",
        Workload::Commands => "Commands on short streams",
        Workload::EightTasks => "The same commands by eight tasks",
        Workload::Long => "Commands on a long stream",
        Workload::LongSnapshots => "Commands on a long stream, with snapshots",
        Workload::LongCached => "Commands on a long stream, cached",
        Workload::Append => "Append",
        Workload::Project => "Projection",
        Workload::Memory => "Memory",
    }
}

fn explained(workload: Workload) -> &'static str {
    match workload {
        Workload::Replay => "One stream is read from the store and folded.",
        Workload::OldVersions => {
            "As replay, but every event is a deposit that was stored two versions ago: a field was renamed, then one was added."
        }
        Workload::Commands => {
            "Each stream is opened, and gets four more commands, each of which reads what is there; the size is the number of streams."
        }
        Workload::EightTasks => {
            "Wall time on two threads, while everything else is CPU time; the size is the number of streams."
        }
        Workload::Long => "Every command reads the whole stream; the size is its length.",
        Workload::LongSnapshots => "A snapshot is taken every 200 events.",
        Workload::LongCached => "The state is at hand; what is left is the decision, the encoding and the append.",
        Workload::Append => {
            "Events are encoded and appended ten at a time, each append with the version that it expects."
        }
        Workload::Project => "The log of all streams is read into the balance of each account.",
        Workload::Memory => "Bytes that the allocator has given out and not got back, for each event in the store.",
    }
}

impl Report<'_> {
    /// Writes the pictures.
    ///
    /// # Errors
    /// What the file system says.
    pub fn draw(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        for part in &self.plan.parts {
            let (workload, metric) = (part.workload, Metric::of(part.workload));
            let size = part.shown.last().copied().unwrap_or_default();
            let bars = self.ranked(workload, size, metric);
            let bars: Vec<_> = bars.into_iter().map(|(subject, cost)| (subject.name, cost)).collect();
            plots::bars(&folder.join(format!("{workload}.svg")), unit(workload), &bars)?;
            let lines =
                SUBJECTS.iter().map(|subject| (subject.name, self.results.points(workload, subject.name, metric)));
            let lines: Vec<_> = lines.filter(|(_, points)| points.len() > 1).collect();
            plots::growth(&folder.join(format!("{workload}-growth.svg")), unit(workload), &lines)?;
        }
        Ok(())
    }

    /// The subjects with their medians, the cheapest first.
    fn ranked(&self, workload: Workload, size: usize, metric: Metric) -> Vec<(&'static Subject, f64)> {
        let cost = |subject: &'static Subject| {
            Some((subject, self.results.spread(workload, size, subject.name, metric)?.median))
        };
        let mut ranked: Vec<_> = SUBJECTS.iter().filter_map(cost).collect();
        ranked.sort_by(|left, right| left.1.total_cmp(&right.1));
        ranked
    }

    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        self.push_head(&mut text);
        self.push_targets(&mut text);
        for part in &self.plan.parts {
            self.push_workload(&mut text, part.workload, &part.shown);
        }
        self.push_growth(&mut text);
        self.push_allocations(&mut text);
        push_dependencies(&mut text);
        push_differences(&mut text);
        text
    }

    fn push_head(&self, text: &mut String) {
        text.push_str("# Benchmarks\n\n");
        text.push_str("Written by `benches/run`; do not edit.\n");
        if self.is_quick {
            text.push_str("**These are the numbers of a quick run**, a tenth of the sizes and few rounds: read factors, not percents.\n");
        }
        let (cpu, cores, compiler) = (machine::cpu(), machine::cores(), machine::compiler());
        let rounds = self.rounds();
        let _ = write!(
            text,
            "\nMachine: {cpu}, {cores} cores. Compiler: {compiler}, `--release`.
Every measurement is a process of its own; the subjects take turns in {rounds} rounds.
Times are CPU time of the process for one operation, the median of the rounds with the least and the greatest; a ratio is the median of the ratios within the rounds.
Everybody has the same fields and the same rules: a bank account with four events of about 113 bytes of JSON, deposits and withdrawals, of which the latter are checked against the balance.
Everybody has to come to the same balance, or the run fails.
Every subject runs on its own memory store, or, where it has none, on the shortest one that its traits allow.
\n"
        );
        let crates = SUBJECTS.iter().flat_map(|subject| subject.crates);
        let versions: Vec<_> = crates.map(|krate| format!("{krate} {}", machine::version(krate))).collect();
        let _ = writeln!(text, "Versions: {}.\n", versions.join(", "));
    }

    /// How often the sizes in the tables were measured.
    fn rounds(&self) -> String {
        let shown = self.plan.parts.iter().flat_map(|part| part.shown.iter().map(|&size| (part.workload, size)));
        let timed = shown.filter(|&(workload, _)| workload != Workload::Memory);
        let counts: Vec<_> = timed
            .map(|(workload, size)| self.results.rounds(workload, size, "es-core", Metric::of(workload)))
            .filter(|&count| count > 0)
            .collect();
        match (counts.iter().min(), counts.iter().max()) {
            (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
            (Some(least), _) => least.to_string(),
            _ => "no".to_owned(),
        }
    }

    fn push_targets(&self, text: &mut String) {
        let targets = targets(self.results, self.plan);
        text.push_str("## Targets\n\n| | measured | target | |\n|---|---:|---:|---|\n");
        for target in &targets {
            let sign = if target.is_least { "≥" } else { "≤" };
            let verdict = if target.is_met() { "met" } else { "**missed**" };
            let goal = if target.limit == 0.0 { " | " } else { &format!("{sign} {} | {verdict}", target.limit) };
            let _ = writeln!(text, "| {} | {:.2} | {goal} |", target.what, target.measured);
        }
        text.push('\n');
        for target in targets.iter().filter(|target| !target.is_met()) {
            let by = (target.measured / target.limit - 1.0).abs() * 100.0;
            let _ = writeln!(text, "- Missed by {by:.0} %: {}. {}", target.what, target.why);
        }
        for (workload, size, subject, ratio) in self.ahead() {
            let _ = writeln!(
                text,
                "- Ahead of es-core: {subject}, in {workload} of {}, with {ratio:.2} of its cost.",
                number(size as f64)
            );
        }
        text.push('\n');
    }

    /// The peers that are ahead of es-core.
    fn ahead(&self) -> Vec<(Workload, usize, String, f64)> {
        let mut ahead = Vec::new();
        for part in &self.plan.parts {
            for &size in &part.shown {
                let metric = Metric::of(part.workload);
                let peers = SUBJECTS.iter().filter(|subject| subject.is_peer());
                ahead.extend(peers.filter_map(|subject| {
                    let ratio = self.results.ratio(part.workload, size, subject.name, "es-core", metric)?;
                    let marked = if subject.keeps_objects { " (live objects)" } else { "" };
                    (ratio < 1.0).then(|| (part.workload, size, format!("{}{marked}", subject.name), ratio))
                }));
            }
        }
        ahead
    }

    fn push_workload(&self, text: &mut String, workload: Workload, sizes: &[usize]) {
        let metric = Metric::of(workload);
        let _ = writeln!(text, "## {}\n\n{}\n", title(workload), explained(workload));
        for &size in sizes {
            let _ = writeln!(
                text,
                "| {} | {} | least – greatest | beside the limit |\n|---|---:|---:|---:|",
                number(size as f64),
                unit(workload)
            );
            for (subject, median) in self.ranked(workload, size, metric) {
                let Some(spread) = self.results.spread(workload, size, subject.name, metric) else { continue };
                let ratio = self.results.ratio(workload, size, subject.name, "by hand", metric);
                let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
                let (least, greatest) = (number(spread.least), number(spread.greatest));
                let name = if subject.is_peer() { subject.name.to_owned() } else { format!("**{}**", subject.name) };
                let marked = if subject.keeps_objects { " ◦" } else { "" };
                let _ = writeln!(text, "| {name}{marked} | {} | {least} – {greatest} | {ratio} |", number(median));
            }
            text.push('\n');
        }
        let missing = |subject: &Subject| {
            let why = match self.results.missing(workload, subject.name)? {
                Outcome::Stopped if self.is_quick => "takes longer than ten seconds",
                Outcome::Stopped => "takes longer than a minute",
                Outcome::Failed(reason) => reason,
                Outcome::Unsupported | Outcome::Measured { .. } => return None,
            };
            Some(format!("{}: {why}", subject.name))
        };
        let missing: Vec<_> = SUBJECTS.iter().filter_map(missing).collect();
        if !missing.is_empty() {
            let _ = writeln!(text, "Given up at some size: {}.\n", missing.join("; "));
        }
        let _ = writeln!(
            text,
            "![{0}](benchmarks/{workload}.svg)\n![{0}, by size](benchmarks/{workload}-growth.svg)\n",
            title(workload)
        );
    }

    fn push_growth(&self, text: &mut String) {
        text.push_str("## Growth\n\nThe slope of a line through the logarithms of the size and of the cost of one operation: 0.00 is the same cost at every size, 1.00 is ten times the cost at ten times the size.\n\n|");
        for part in &self.plan.parts {
            let _ = write!(text, " | {}", part.workload);
        }
        text.push_str(" |\n|---|");
        text.push_str(&"---:|".repeat(self.plan.parts.len()));
        text.push('\n');
        for subject in SUBJECTS {
            let slope = |workload| self.results.slope(workload, subject.name, Metric::of(workload));
            let slopes: Vec<_> = self.plan.parts.iter().map(|part| slope(part.workload)).collect();
            if slopes.iter().all(Option::is_none) {
                continue;
            }
            let shown = |slope: &Option<f64>| slope.map_or_else(|| "–".to_owned(), |slope| format!("{slope:.2}"));
            let cells: Vec<_> = slopes.iter().map(shown).collect();
            let _ = writeln!(text, "| {} | {} |", subject.name, cells.join(" | "));
        }
        text.push('\n');
    }

    fn push_allocations(&self, text: &mut String) {
        let parts: Vec<_> = self.plan.parts.iter().filter(|part| part.workload != Workload::Memory).collect();
        text.push_str("## Allocations\n\nCalls of the allocator for one operation.\n\n|");
        for part in &parts {
            let _ = write!(text, " | {}", part.workload);
        }
        text.push_str(" |\n|---|");
        text.push_str(&"---:|".repeat(parts.len()));
        text.push('\n');
        for subject in SUBJECTS {
            let count = |workload, sizes: &[usize]| {
                self.results.spread(workload, *sizes.last()?, subject.name, Metric::Allocations)
            };
            let counts: Vec<_> = parts.iter().map(|part| count(part.workload, &part.shown)).collect();
            if counts.iter().all(Option::is_none) {
                continue;
            }
            let cells: Vec<_> =
                counts.iter().map(|count| count.map_or_else(|| "–".to_owned(), |count| number(count.median))).collect();
            let _ = writeln!(text, "| {} | {} |", subject.name, cells.join(" | "));
        }
        text.push('\n');
    }
}

fn push_dependencies(text: &mut String) {
    text.push_str("## What comes along\n\nCrates that are built for each, with the features that are used here; those with a database have more.\n`benches/compile-time` tells what each event costs.\n\n| | crates |\n|---|---:|\n");
    let mut crates: Vec<_> = SUBJECTS.iter().filter_map(|subject| subject.crates.last()).copied().collect();
    crates.dedup();
    let mut counted: Vec<_> =
        crates.into_iter().filter_map(|krate| Some((machine::dependencies(krate)?, krate))).collect();
    counted.sort_unstable();
    for (count, krate) in counted {
        let _ = writeln!(text, "| {krate} | {count} |");
    }
    text.push('\n');
}

fn push_differences(text: &mut String) {
    text.push_str("## What each does differently\n\n◦ keeps live objects and clones them, where others keep bytes and decode them: it pays nothing for reading an old version, and keeps nothing when the process ends.\n\n");
    for subject in SUBJECTS {
        let _ = writeln!(text, "- {}: {}", subject.name, subject.differs);
    }
    text.push_str("\nNot measured:\n\n");
    for (name, reason) in LEFT_OUT {
        let _ = writeln!(text, "- {name}: {reason}");
    }
}
