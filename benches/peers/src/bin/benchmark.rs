//! Measures everybody in turn, and writes `docs/benchmarks.md` with its pictures.
//!
//! Each measurement is a process of its own, and the subjects take turns within a round, so that whatever else the
//! machine does hits all of them.

use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use peers::plan::{Part, Plan};
use peers::report::Report;
use peers::results::{Measurement, Outcome, Results};
use peers::subjects::SUBJECTS;
use peers::workload::Workload;

/// How long one measurement may take, with its preparation; a quick one, a sixth of it.
const LONGEST: Duration = Duration::from_secs(60);

const USAGE: &str =
    "usage: benchmark [--quick] [--more] [--rounds N] [--only WORKLOAD]... [--subject NAME]... | --report";

struct Options {
    plan: Plan,
    is_quick: bool,
    subjects: Vec<String>,
    reports_only: bool,
    /// Whether the rounds come on top of those that are written down.
    is_more: bool,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let (mut rounds, mut only, mut subjects) = (None, Vec::new(), Vec::new());
    let (mut is_quick, mut reports_only, mut is_more) = (false, false, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => is_quick = true,
            "--report" => reports_only = true,
            "--more" => is_more = true,
            "--rounds" => rounds = Some(arguments.next().ok_or(USAGE)?.parse()?),
            "--only" => only.push(arguments.next().ok_or(USAGE)?.parse::<Workload>()?),
            "--subject" => subjects.push(arguments.next().ok_or(USAGE)?),
            _ => return Err(USAGE.into()),
        }
    }
    let mut plan = if is_quick { Plan::quick() } else { Plan::full() }.only(&only);
    plan.rounds = rounds.unwrap_or(plan.rounds);
    Ok(Options { plan, is_quick, subjects, reports_only, is_more })
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let pictures = documents.join("benchmarks");
    fs::create_dir_all(&pictures)?;
    let kept = pictures.join("measurements.csv");
    let results = if options.reports_only {
        Results::from_csv(&fs::read_to_string(&kept)?)?
    } else {
        measure_all(&options, &kept)?
    };
    for disagreement in results.disagreements() {
        eprintln!("not the same: {disagreement}");
    }
    // What was measured before is shown as well.
    let plan = if options.is_quick { Plan::quick() } else { Plan::full() };
    let plan = if options.is_more { &plan } else { &options.plan };
    let report = Report { results: &results, plan, is_quick: options.is_quick };
    report.draw(&pictures)?;
    fs::write(documents.join("benchmarks.md"), report.to_markdown())?;
    println!("written: docs/benchmarks.md");
    if results.disagreements().is_empty() { Ok(()) } else { Err("the subjects did not all do the same".into()) }
}

/// What is measured is written down after each round, so that a run that is ended is not for nothing.
fn measure_all(options: &Options, kept: &Path) -> Result<Results, Box<dyn Error>> {
    let mut results = if options.is_more { Results::from_csv(&fs::read_to_string(kept)?)? } else { Results::default() };
    for round in 0..options.plan.rounds {
        for part in &options.plan.parts {
            eprintln!("round {} of {}: {}", round + 1, options.plan.rounds, part.workload);
            for (size, is_heavy) in part.sizes() {
                if round < rounds_of(part, size, is_heavy, options.plan.rounds) {
                    let is_first = round == 0 && !options.is_more;
                    measure_round(options, part.workload, size, is_heavy, is_first, &mut results)?;
                }
            }
        }
        fs::write(kept, results.to_csv())?;
    }
    Ok(results)
}

/// What is only there to see how costs grow is measured less often.
fn rounds_of(part: &Part, size: usize, is_heavy: bool, rounds: usize) -> usize {
    match (part.workload, is_heavy) {
        (Workload::Memory, _) => 1,
        (_, true) => rounds.min(2),
        _ if part.shown.contains(&size) => rounds,
        _ => rounds.min(3),
    }
}

fn measure_round(
    options: &Options,
    workload: Workload,
    size: usize,
    is_heavy: bool,
    is_first: bool,
    results: &mut Results,
) -> Result<(), Box<dyn Error>> {
    for subject in SUBJECTS {
        let is_asked = options.subjects.is_empty() || options.subjects.iter().any(|name| name == subject.name);
        let is_too_heavy = is_heavy && !subject.name.starts_with("by hand") && !subject.name.starts_with("es-core");
        let gave_up = results.0.iter().any(|measured| {
            measured.workload == workload
                && measured.subject == subject.name
                && match &measured.outcome {
                    Outcome::Measured { .. } => false,
                    Outcome::Unsupported => true,
                    // What takes too long or runs out of something will not do with more of it.
                    Outcome::Stopped | Outcome::Failed(_) => measured.size <= size,
                }
        });
        if !is_asked || is_too_heavy || gave_up {
            continue;
        }
        let programs: &[&str] = match workload {
            Workload::Memory => &["counted"],
            _ if is_first => &["subject", "counted"],
            _ => &["subject"],
        };
        for program in programs {
            let longest = if options.is_quick { LONGEST / 6 } else { LONGEST };
            let outcome = measure(program, subject.name, workload, size, longest)?;
            let is_over = !matches!(outcome, Outcome::Measured { .. });
            results.0.push(Measurement { workload, size, subject: subject.name.to_owned(), outcome });
            if is_over {
                break;
            }
        }
    }
    Ok(())
}

fn program(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

fn measure(
    name: &str,
    subject: &str,
    workload: Workload,
    size: usize,
    longest: Duration,
) -> Result<Outcome, Box<dyn Error>> {
    let mut command = Command::new(program(name)?);
    command.args([subject, workload.name(), &size.to_string()]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > longest {
            child.kill()?;
            child.wait()?;
            return Ok(Outcome::Stopped);
        }
        sleep(Duration::from_millis(5));
    };
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    let line = said.lines().last().unwrap_or_default();
    if line == "unsupported" {
        return Ok(Outcome::Unsupported);
    }
    let numbers: Vec<_> = line.strip_prefix("measured ").unwrap_or_default().split(' ').collect();
    let number = |at: usize| numbers.get(at).and_then(|number| number.parse::<f64>().ok());
    let measured = || {
        Some(Outcome::Measured {
            operations: number(0)?,
            wall: number(1)?,
            cpu: number(2)?,
            allocations: number(3)?,
            held_bytes: number(4)?,
            check: numbers.get(5)?.parse().ok()?,
            is_counted: name == "counted",
        })
    };
    let reason = said.lines().find(|line| !line.starts_with("thread ") && !line.is_empty()).unwrap_or("no word");
    Ok(measured().unwrap_or_else(|| Outcome::Failed(format!("{status}: {reason}"))))
}
