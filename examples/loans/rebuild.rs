//! Makes the rows of one read model anew, with a progress bar; what is interrupted goes on the next time.

use std::error::Error;
use std::future::Future;
use std::io::{IsTerminal, stderr};
use std::pin::pin;
use std::time::Instant;

use es_core::Position;
use es_core::store::CheckpointName;
use es_runner::Happened;
use examples::{Grouped, Pace};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::broadcast::error::RecvError;

use crate::read_models::{PATIENCE, ReadModels, head};

/// How a rebuild ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ended {
    /// The read model is where the log was when the rebuild began.
    Rebuilt {
        /// Where it began: at the start of the log, or where an earlier run was interrupted.
        from: Position,
        /// The events that were read for it, and how long that took.
        pace: Pace,
    },
    /// It was interrupted; the same rebuild goes on from there.
    Interrupted {
        /// Everything up to here is done.
        done: Position,
        /// Where the log ends.
        total: Position,
    },
}

/// Rebuilds a read model until it is done, or until `interrupted` is.
///
/// One that is where the log ends is cleared first.
/// One that is behind has been interrupted in a rebuild, or has not been kept up: it goes on from where it is.
/// Meanwhile its rows are those of the part of the log that has been read.
///
/// # Errors
/// The log cannot be read, the store of rows fails, or an event cannot be read.
pub async fn rebuild(
    models: &ReadModels,
    log: es::Store,
    name: &CheckpointName,
    interrupted: impl Future<Output = ()>,
) -> Result<Ended, Box<dyn Error>> {
    let total = head(&log).await?;
    let before = models.checkpoint(name).await?;
    let start = Instant::now();
    let running = models.runner(log, |other| other == name).start()?;
    let mut progress = running.progress();
    let from = if before >= Some(total) {
        running.rebuild(name).await?;
        Position::START
    } else {
        before.unwrap_or_default()
    };
    let mut bar = Bar::of(name, from, total);
    let mut events = 0;
    let outcome = {
        let finished = running.wait_for(name, total, PATIENCE);
        let (mut finished, mut interrupted) = (pin!(finished), pin!(interrupted));
        loop {
            tokio::select! {
                biased;
                () = &mut interrupted => break Ok(false),
                told = progress.recv() => events += bar.hear(told.map(|told| told.what)),
                finished = &mut finished => break finished.map(|()| true),
            }
        }
    };
    running.stop().await;
    // The last batch is told after its checkpoint is seen.
    while let Ok(told) = progress.try_recv() {
        events += bar.hear(Ok(told.what));
    }
    bar.done();
    if outcome? {
        return Ok(Ended::Rebuilt { from, pace: Pace::since(start, events) });
    }
    Ok(Ended::Interrupted { done: models.checkpoint(name).await?.unwrap_or_default(), total })
}

/// A bar on a terminal, a line for each tenth of the way elsewhere.
struct Bar {
    shown: Option<ProgressBar>,
    name: String,
    total: Position,
    tenths: u64,
}

impl Bar {
    fn of(name: &CheckpointName, from: Position, total: Position) -> Self {
        let shown = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total.get()).with_style(style()).with_message(name.to_string());
            bar.set_position(from.get());
            bar.reset_eta();
            bar
        });
        let mut bar = Self { shown, name: name.to_string(), total, tenths: 0 };
        bar.tenths = bar.tenth(from);
        if from > Position::START {
            bar.say(&format!("goes on after position {}", Grouped(from.get())));
        }
        bar
    }

    /// Shows what has happened, and says how many events have been processed.
    fn hear(&mut self, happened: Result<Happened, RecvError>) -> u64 {
        match happened {
            Ok(Happened::Committed { events, done, .. }) => {
                self.show(done);
                return events as u64;
            }
            Ok(Happened::Failed { errors }) => self.say(&format!("tries again: {}", errors.join(": "))),
            // Of what has been told too fast, the last is what counts.
            _ => {}
        }
        0
    }

    fn show(&mut self, done: Position) {
        match &self.shown {
            Some(bar) => bar.set_position(done.get().min(self.total.get())),
            None if self.tenth(done) > self.tenths => {
                self.tenths = self.tenth(done);
                self.say(&format!("{} % done, position {}", self.tenths * 10, Grouped(done.get())));
            }
            None => {}
        }
    }

    fn tenth(&self, done: Position) -> u64 {
        (done.get() * 10 / self.total.get().max(1)).min(10)
    }

    fn say(&self, text: &str) {
        match &self.shown {
            Some(bar) => bar.println(format!("{}: {text}", self.name)),
            None => eprintln!("{}: {text}", self.name),
        }
    }

    /// Takes the bar away.
    fn done(self) {
        if let Some(bar) = self.shown {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    // The template is constant; the plain style would do as well.
    ProgressStyle::with_template("{msg} {bar:40} position {human_pos} of {human_len}, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
