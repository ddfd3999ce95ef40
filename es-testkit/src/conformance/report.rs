//! A table of rules and stores, in which each store keeps its own column.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::executor::Executor;
use super::list::checks;
use super::rules::{RULES, called};
use super::run::{Backend, Outcome};

/// What the checks say about a store, rule by rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    store: String,
    column: Vec<String>,
}

impl Report {
    /// Runs every check of a store on one executor.
    pub fn of(backend: &Backend) -> Self {
        let mut rows: BTreeMap<usize, (usize, usize, Option<String>)> = BTreeMap::new();
        for check in checks() {
            let (kept, broken, skipped) = rows.entry(check.rule()).or_default();
            match backend.run(check, Executor::MultiThread) {
                Outcome::Kept => *kept += 1,
                Outcome::Broken(_) => *broken += 1,
                Outcome::Skipped(_) => *skipped = Some(check.needs.name().to_owned()),
            }
        }
        let cell = |rule| match rows.remove(&rule) {
            Some((_, broken @ 1.., _)) => format!("{broken} broken"),
            Some((0, _, Some(needs))) => format!("no `{needs}`"),
            Some((kept, _, Some(needs))) => format!("kept ({kept}), no `{needs}`"),
            Some((kept, _, None)) => format!("kept ({kept})"),
            None => "no check".to_owned(),
        };
        Self { store: backend.name().to_owned(), column: (1..=RULES.len()).map(cell).collect() }
    }

    /// Compares the column of the store in the table at `path`; with `ES_CONFORMANCE=write`, writes it there.
    ///
    /// # Panics
    /// If it differs, or the file cannot be read or written.
    pub fn assert_in(&self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        let found = fs::read_to_string(path).unwrap_or_default();
        let with_column = self.within(&found);
        if std::env::var("ES_CONFORMANCE").as_deref() == Ok("write") {
            fs::write(path, with_column).unwrap_or_else(|error| panic!("{} is not written: {error}", path.display()));
        } else {
            let headline = format!("{} (ES_CONFORMANCE=write writes it)", path.display());
            let shown = || crate::difference::difference(&headline, &found, &with_column);
            assert!(found == with_column, "{}", shown());
        }
    }

    /// The table with this column in it.
    fn within(&self, table: &str) -> String {
        let rows: Vec<Vec<&str>> = table.lines().filter(|line| line.starts_with('|')).map(cells).collect();
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (at, store) in rows.first().into_iter().flat_map(|row| row.iter().enumerate().skip(1)) {
            let cells = rows.iter().skip(2).map(|row| row.get(at).copied().unwrap_or_default().to_owned());
            columns.insert((*store).to_owned(), cells.collect());
        }
        columns.insert(self.store.clone(), self.column.clone());

        let mut text = String::from(
            "# What each store keeps\n\n\
             Written by the tests with `ES_CONFORMANCE=write`; the rules stand in the documentation of `es_core::store`.\n\
             In brackets is how many checks say so.\n\n",
        );
        let _ = writeln!(text, "| rule | {} |", columns.keys().cloned().collect::<Vec<_>>().join(" | "));
        let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
        for (at, rule) in RULES.iter().enumerate() {
            let cells: Vec<&str> = columns.values().map(|column| column.get(at).map_or("", String::as_str)).collect();
            let _ = writeln!(text, "| {}. {rule} | {} |", called(at + 1), cells.join(" | "));
        }
        text
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}
