//! Loan applications: a real event log, imported through commands.
//!
//! `cargo run --release --example loans -- PATH` takes the log of a Dutch bank, checks every line of it against the
//! rules of an aggregate, and answers questions from a projection; without a path it makes up a log.
//! `README.md` beside this file tells where the real log comes from, and what the rules found in it.

pub mod funnel;
pub mod import;
pub mod loan;
pub mod log;
pub mod read_models;
pub mod rebuild;
pub mod replay;
pub mod report;
pub mod sample;

#[cfg(test)]
mod figures;
#[cfg(test)]
mod rebuild_tests;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use es_core::{Position, ProjectionRunner};
use examples::Pace;

use crate::funnel::{Funnel, GetOutcome};
use crate::loan::Outcome;
use crate::log::LoanLog;
use crate::read_models::ReadModels;
use crate::rebuild::Ended;

const HELP: &str = "\
usage: loans [PATH] [--store URL]
       loans rebuild NAME --store URL

Imports a log of loan applications, one JSON object a line, plain or compressed by gzip:
  {\"stream\":\"loan-173688\",\"version\":1,\"type\":\"ApplicationSubmitted\",
   \"time\":\"2011-10-01T00:38:44.546+02:00\",\"actor\":\"112\",\"data\":{\"amount_requested\":20000}}
The real one is the log of the BPI Challenge 2012 (B. F. van Dongen), in XES format at 4TU.ResearchData,
https://doi.org/10.4121/uuid:3926db30-f712-4394-aebc-75976070e91f, converted to these lines.
Without PATH, a small log is made up.

The events go to the empty store at URL, for example sqlite:loans.db; if it is left out, to memory:.
So do the rows of the read models.

With `rebuild`, the rows of the read model NAME are made anew from the events at URL; NAME is one of
open-work, work-times, decision-times, loan-steps, offers, open-offers, clerks, work-items, days, hours.
What was interrupted by Ctrl-C goes on with the same command.";

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let store = match examples::take_store_url(&mut arguments) {
        Ok(url) => url.unwrap_or_else(|| "memory:".to_owned()),
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            return ExitCode::FAILURE;
        }
    };
    match arguments.as_slice() {
        [] => examples::ending(made_up(&store).await),
        [help] if help == "--help" || help == "-h" => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        [path] => examples::ending(real(Path::new(path), &store).await),
        [rebuild, name] if rebuild == "rebuild" => examples::ending(rebuilt(&name.to_string_lossy(), &store).await),
        _ => {
            eprintln!("error: one path at most, or `rebuild` and a name\n\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

async fn made_up(store: &str) -> Result<(), Box<dyn Error>> {
    let log = LoanLog::read(Cursor::new(sample::sample(1_000)));
    run("made up; `--help` tells where to get the real log", log, store).await
}

async fn real(path: &Path, store: &str) -> Result<(), Box<dyn Error>> {
    run(&format!("from {}", path.display()), LoanLog::open(path)?, store).await
}

async fn run(origin: &str, log: LoanLog, store: &str) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout();
    writeln!(out, "Loan applications, {origin}\n")?;

    let store = es::connect(store).await?;
    examples::expect_empty(&store).await?;
    let imported = import::import(log, store.clone()).await?;
    report::imported(&mut out, &imported)?;

    let replayed = replay::replay(store.clone(), &imported).await?;
    let (funnel, start) = (ProjectionRunner::new(store.clone(), Funnel::default()), Instant::now());
    funnel.catch_up().await?;
    report::read(&mut out, replayed.pace, Pace::since(start, imported.pace.events))?;
    let models = ReadModels::new(store.clone());
    let took = models.catch_up(&store).await?;
    report::caught_up(&mut out, &models, Pace { events: imported.pace.events, took })?;

    for outcome in Outcome::ALL {
        let projected = funnel.query(GetOutcome(outcome)).applications;
        let folded = replayed.outcomes.get(&Some(outcome)).copied().unwrap_or(0);
        if projected != folded {
            let name = outcome.name();
            return Err(format!("{projected} loans are {name} in the read model, but {folded} when replayed").into());
        }
    }
    report::funnel(&mut out, &funnel)?;
    report::decisions(&mut out, &models).await?;
    report::work(&mut out, &models).await
}

async fn rebuilt(name: &str, store: &str) -> Result<(), Box<dyn Error>> {
    let store = es::connect(store).await?;
    let models = ReadModels::new(store.clone());
    let Some(name) = models.find(name) else {
        return Err(format!("no read model is called `{name}`; there are {}", report::names(&models)).into());
    };
    let mut out = io::stdout();
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody will tell, so it goes on to the end.
            std::future::pending::<()>().await;
        }
    };
    match rebuild::rebuild(&models, store, name, interrupted).await? {
        Ended::Rebuilt { from: Position::START, pace } => writeln!(out, "rebuilt    {name}: {pace}")?,
        Ended::Rebuilt { from, pace } => writeln!(out, "rebuilt    {name}, from position {from} on: {pace}")?,
        Ended::Interrupted { done, total } => {
            let left = "the same command goes on from there";
            return Err(format!("interrupted at position {done} of {total}; {left}").into());
        }
    }
    Ok(())
}
