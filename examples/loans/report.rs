//! What the example prints.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use es_core::ProjectionRunner;
use es_core::store::EventStore;
use examples::{Grouped, Pace};

use crate::funnel::{CountOffersSent, Funnel, GetOutcome, GetStep, Step};
use crate::import::Imported;
use crate::loan::Outcome;

/// How the import went, and what was refused.
pub fn imported(out: &mut dyn Write, imported: &Imported) -> io::Result<()> {
    writeln!(out, "imported   {}", imported.pace)?;
    writeln!(
        out,
        "           {} loans, each event at the version that the log says",
        Grouped(imported.loans.len() as u64)
    )?;
    if imported.refused.is_empty() {
        writeln!(out, "refused    nothing: every rule held")?;
    }
    for (reason, refused) in &imported.refused {
        let shown: Vec<_> = refused.lines.iter().take(3).map(u64::to_string).collect();
        let more = if refused.lines.len() > shown.len() { ", .." } else { "" };
        let count = Grouped(refused.lines.len() as u64);
        writeln!(out, "refused    {count} × {reason} (line {}{more})", shown.join(", "))?;
    }
    Ok(())
}

/// How replay and projection went.
pub fn read(out: &mut dyn Write, replayed: Pace, projected: Pace) -> io::Result<()> {
    writeln!(out, "replayed   {replayed}")?;
    writeln!(out, "projected  {projected}")
}

/// The funnel and the outcomes.
pub fn funnel<S: EventStore>(out: &mut dyn Write, funnel: &ProjectionRunner<Funnel, S>) -> io::Result<()> {
    writeln!(out)?;
    writeln!(
        out,
        "{:<16}{:>10}{:>9}{:>16}{:>11}{:>12}{:>8}",
        "", "loans", "", "euros asked", "declined", "cancelled", "open"
    )?;
    let all = funnel.query(GetStep(Step::Submitted)).reached.max(1);
    for (step, name) in STEPS {
        let at = funnel.query(GetStep(step));
        let tenths = at.reached * 1000 / all;
        writeln!(
            out,
            "{name:<16}{:>10}{:>6}.{}%{:>16}{:>11}{:>12}{:>8}",
            Grouped(at.reached),
            tenths / 10,
            tenths % 10,
            Grouped(at.euros),
            Grouped(at.declined),
            Grouped(at.cancelled),
            Grouped(at.open),
        )?;
    }
    writeln!(out)?;
    writeln!(out, "{} offers were sent.", Grouped(funnel.query(CountOffersSent)))?;
    for (outcome, name) in OUTCOMES {
        let answer = funnel.query(GetOutcome(outcome));
        let took = Duration::from_secs(answer.median_seconds);
        writeln!(
            out,
            "{} applications were {name}, half of them within {}.",
            Grouped(answer.applications),
            Rounded(took)
        )?;
    }
    Ok(())
}

const STEPS: [(Step, &str); 6] = [
    (Step::Submitted, "submitted"),
    (Step::Preaccepted, "preaccepted"),
    (Step::Accepted, "accepted"),
    (Step::OfferSent, "offer sent"),
    (Step::OfferSentBack, "offer sent back"),
    (Step::Approved, "approved"),
];

/// The outcomes by name.
pub const OUTCOMES: [(Outcome, &str); 3] =
    [(Outcome::Granted, "granted"), (Outcome::Declined, "declined"), (Outcome::Cancelled, "cancelled")];

/// A duration in its largest unit.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 0..120 => write!(f, "{seconds} seconds"),
            seconds @ 120..7_200 => write!(f, "{} minutes", seconds / 60),
            seconds @ 7_200..172_800 => write!(f, "{} hours", seconds / 3_600),
            seconds => write!(f, "{} days", seconds / 86_400),
        }
    }
}
