//! Moves a store: copies all events of one into another, of whatever kinds they are, and verifies the copy.
//!
//! `cargo run --release --example copy-store -- FROM TO`, with URLs such as `sqlite:bank.db` and
//! `postgres://user:password@host/bank`.
//! A second run copies what has been added since, so most of a move is done while the program still runs.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use es_core::Events;
use es_core::copy::{CopyOptions, CopyProgress, CopyReport, copy_transform};
use examples::{Grouped, Pace};
use indicatif::{ProgressBar, ProgressStyle};

const HELP: &str = "\
usage: copy-store FROM TO

Copies all events of the store at the URL FROM into the store at the URL TO, in their order, and reads them again there.
Streams, versions, ids, names, times, metadata and payloads stay as they are; positions are those of the new store.
Checkpoints, read models and snapshots are not copied: they are made from the events again.

What is in TO already is compared, and what is missing is appended: run it again to copy what has been added since.
While it runs, nobody else writes to TO.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--help" | "-h"] => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        [from, to] => examples::ending(run(from, to).await),
        _ => {
            eprintln!("error: two URLs are needed\n\n{HELP}");
            ExitCode::FAILURE
        }
    }
}

async fn run(from: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let (mut progress, start) = (Progress::new(), Instant::now());
    let report = copy(from, to, |now| progress.show(now)).await?;
    progress.done();
    let mut out = io::stdout();
    writeln!(out, "copied     {}", Pace::since(start, report.written))?;
    writeln!(out, "present    {} events were there already", Grouped(report.present))?;
    writeln!(out, "verified   {}", report.checksum)?;
    Ok(())
}

/// Copies the store at `from` into the one at `to`.
async fn copy(from: &str, to: &str, show: impl FnMut(&CopyProgress) + Send) -> Result<CopyReport, Box<dyn Error>> {
    let (source, target) = (es::connect(from).await?, es::connect(to).await?);
    let options = CopyOptions::new().on_progress(show);
    Ok(copy_transform(&source, &target, |event| Ok(Events::one(event)), options).await?)
}

/// A bar on a terminal, a line for each tenth of the way elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    tenths: u64,
}

impl Progress {
    fn new() -> Self {
        Self { bar: io::stderr().is_terminal().then(|| ProgressBar::new(0).with_style(style())), tenths: 0 }
    }

    fn show(&mut self, now: &CopyProgress) {
        let (done, head) = (now.checkpoint.source.get(), now.head.get());
        match &self.bar {
            Some(bar) => {
                bar.set_length(head);
                bar.set_position(done.min(head));
            }
            None if done * 10 / head.max(1) > self.tenths => {
                self.tenths = done * 10 / head.max(1);
                eprintln!("{} % done, {} events", self.tenths * 10, Grouped(now.read));
            }
            None => {}
        }
    }

    fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    // The template is constant; the plain style would do as well.
    ProgressStyle::with_template("{bar:40} position {human_pos} of {human_len}, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
