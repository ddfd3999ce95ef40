//! The table of mutants and the checks that notice them, `docs/conformance-mutants.md`.
//!
//! `ES_CONFORMANCE=write` runs every check against every mutant and writes the table. Otherwise the checks that it
//! lists are run, and each must still notice its mutant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use es_testkit::conformance::{Check, checks};

use crate::{Case, kill};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/conformance-mutants.md");

/// Checks whose outcome depends on who is faster; the table has them only where a mutant names them.
fn is_race(check: &Check) -> bool {
    let words = ["many", "several_savers", "rivals", "fast_writer", "waiter", "between_looking"];
    ["concurrency", "histories"].contains(&check.group) || words.iter().any(|word| check.name.contains(word))
}

/// How often a race is run until it shows the fault; on a busy machine nobody may be in anybody's way for once.
const RACES: usize = 40;

/// What waits for ever notices a mutant too, but takes long; the table has it only where a mutant names it.
const WAITED: &str = "was still waiting";

type Rows = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(cases: &[Case]) -> Result<(), String> {
    let checks = checks();
    let is_written = std::env::var("ES_CONFORMANCE").as_deref() == Ok("write");
    let listed = if is_written { Rows::new() } else { parse(&fs::read_to_string(PATH).unwrap_or_default()) };
    let mut wrong = vec![];
    let mut rows = Rows::new();
    for case in cases {
        let named = |check: &&Check| case.killed_by.contains(&check.name);
        let in_table = |check: &&Check| listed.get(case.breaks).is_some_and(|row| row.contains(check.name));
        for name in case.killed_by.iter().filter(|name| checks.iter().all(|check| check.name != **name)) {
            wrong.push(format!("{}: there is no check `{name}`", case.breaks));
        }
        let row = rows.entry(case.breaks.to_owned()).or_default();
        for check in &checks {
            let must = named(&check) || in_table(&check);
            let may = is_written && !is_race(check);
            if !must && !may {
                continue;
            }
            // What is written must hold again: what notices a mutant only now and then is not written.
            let is_noticed = || kill(&case.backend, *check).is_some_and(|seen| must || !seen.contains(WAITED));
            let notices = || (0..if must && is_race(check) { RACES } else { 1 }).any(|_| is_noticed());
            if notices() && (must || notices()) {
                row.insert(check.name.to_owned());
            } else if must {
                wrong.push(format!("{}: `{}` does not notice it", case.breaks, check.name));
            }
        }
    }
    let text = table(cases, &rows, &checks);
    if is_written {
        fs::write(PATH, text).map_err(|error| format!("{PATH} is not written: {error}"))?;
    } else if wrong.is_empty() && fs::read_to_string(PATH).unwrap_or_default() != text {
        wrong.push("docs/conformance-mutants.md is not up to date; ES_CONFORMANCE=write writes it".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn table(cases: &[Case], rows: &Rows, checks: &[Check]) -> String {
    let mut text = String::from(
        "# What proves the conformance suite\n\n\
         Each mutant is a memory store that breaks one thing; each must be noticed by the checks beside it, and by those \
         in bold for its own sake.\n\
         Checks in which writers race notice more than is listed here, but not in every run; those that would wait for ever are left out as well.\n\
         Written by the tests of `es-testkit` with `ES_CONFORMANCE=write`.\n\n\
         | the mutant | the checks that notice it |\n|---|---|\n",
    );
    for case in cases {
        let row = rows.get(case.breaks).into_iter().flatten();
        let shown = row
            .map(|name| if case.killed_by.contains(&&**name) { format!("**`{name}`**") } else { format!("`{name}`") });
        let _ = writeln!(text, "| {} | {} |", case.breaks, shown.collect::<Vec<_>>().join("<br>"));
    }
    let unproven = || checks.iter().filter(|check| rows.values().all(|row| !row.contains(check.name)));
    if unproven().next().is_some() {
        text.push_str("\n# Checks that no mutant proves yet\n\n");
    }
    for check in unproven() {
        let _ = writeln!(text, "- `{}`", check.name);
    }
    text
}

fn parse(text: &str) -> Rows {
    let lines = text.lines().filter(|line| line.starts_with("| ")).skip(1);
    let row = |line: &str| {
        let (mutant, checks) = line.trim_matches('|').split_once('|')?;
        let checks = checks.split("<br>").map(|name| name.trim().trim_matches(['*', '`']).to_owned());
        Some((mutant.trim().to_owned(), checks.collect()))
    };
    lines.filter_map(row).collect()
}
