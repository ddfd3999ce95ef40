//! What the example prints.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use es_core::ProjectionRunner;
use es_core::store::EventStore;
use examples::{Grouped, Pace};

use crate::funnel::{CountOffersSent, Funnel, GetOutcome, GetStep, Step};
use crate::import::Imported;
use crate::loan::Outcome;
use crate::read_models::ReadModels;
use crate::read_models::decisions::{DecisionTime, GetTimeToDecision};
use crate::read_models::work::{CountUntouched, GetBusyClerks, GetOpenWork, GetWaitingWork, OpenWork, WorkTime};

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

/// How the read models in the store came to the end of the log.
pub fn caught_up(out: &mut dyn Write, models: &ReadModels, pace: Pace) -> io::Result<()> {
    writeln!(out, "caught up  {pace}")?;
    writeln!(out, "           {} read models, with one read of the log", models.names().count())
}

/// The names of the read models, without their versions.
pub fn names(models: &ReadModels) -> String {
    let names = models.names().map(|name| name.as_str().split('@').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(", ")
}

/// How long decisions take.
pub async fn decisions(out: &mut dyn Write, models: &ReadModels) -> Result<(), Box<dyn Error>> {
    writeln!(out, "\n{:<16}{:>10}{:>14}{:>14}{:>14}", "decided within", "loans", "50 %", "90 %", "99 %")?;
    for outcome in Outcome::ALL {
        let times = models.query::<DecisionTime, _>(GetTimeToDecision(outcome)).await?;
        write!(out, "{:<16}{:>10}", outcome.name(), Grouped(times.count() as u64))?;
        for percent in [50, 90, 99] {
            let shown = times.seconds(percent).map(|seconds| Rounded(Duration::from_secs(seconds)).to_string());
            write!(out, "{:>14}", shown.unwrap_or_default())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What is open.
pub async fn work(out: &mut dyn Write, models: &ReadModels) -> Result<(), Box<dyn Error>> {
    let waiting = models.query::<OpenWork, _>(GetWaitingWork).await?;
    let untouched = models.query::<WorkTime, _>(CountUntouched).await?;
    writeln!(out, "\n{} work items were completed without having been started.", Grouped(untouched.into()))?;
    writeln!(out, "{} work items have been scheduled, and wait for somebody.", Grouped(waiting.len() as u64))?;
    let clerks = models.query::<OpenWork, _>(GetBusyClerks).await?;
    writeln!(out, "{} clerks have work open.", clerks.len())?;
    for clerk in clerks.into_iter().take(5) {
        let open = models.query::<OpenWork, _>(GetOpenWork { clerk: clerk.clone() }).await?;
        let shown: Vec<_> = open.iter().map(ToString::to_string).collect();
        writeln!(out, "    {clerk}: {}", shown.join(", "))?;
    }
    Ok(())
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
    for outcome in Outcome::ALL {
        let answer = funnel.query(GetOutcome(outcome));
        let took = Duration::from_secs(answer.median_seconds);
        writeln!(
            out,
            "{} applications were {}, half of them within {}.",
            Grouped(answer.applications),
            outcome.name(),
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
