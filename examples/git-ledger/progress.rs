//! How far the import has come, on the standard error output.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// Where there is no terminal, a line is written each time so many commits have been read.
const LINE: u64 = 10_000;

/// A bar on a terminal, a line now and then elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    commits: u64,
    total: u64,
}

impl Progress {
    /// Nothing yet, of `total` commits.
    pub fn of(total: u64) -> Self {
        let bar = stderr().is_terminal().then(|| ProgressBar::new(total).with_style(style()));
        Self { bar, commits: 0, total }
    }

    /// One commit more.
    pub fn commit(&mut self) {
        self.commits += 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.commits.is_multiple_of(LINE) => eprintln!("read {} of {} commits", self.commits, self.total),
            None => {}
        }
    }

    /// Takes the bar away.
    pub fn done(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    // The template is constant; the plain style would do as well.
    ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} commits, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
