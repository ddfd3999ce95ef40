//! Who is measured.

use crate::measure::Sample;
use crate::workload::Workload;

/// Somebody who is measured.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    pub name: &'static str,
    /// The crates whose versions count.
    pub crates: &'static [&'static str],
    /// What it keeps and does differently, in a sentence or two.
    pub differs: &'static str,
    /// Whether its memory store keeps live objects where others keep bytes.
    pub keeps_objects: bool,
    pub run: fn(Workload, usize) -> Option<Sample>,
}

pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "by hand",
        crates: &["serde_json"],
        differs: "The limit: a vector of bytes with an index by stream; neither ids, times nor metadata.",
        keeps_objects: false,
        run: crate::by_hand::json,
    },
    Subject {
        name: "by hand, postcard",
        crates: &["postcard"],
        differs: "The limit with a positional format.",
        keeps_objects: false,
        run: crate::by_hand::postcard,
    },
    Subject {
        name: "es-core",
        crates: &["es-core", "es-memory-store"],
        differs: "",
        keeps_objects: false,
        run: crate::with_es_core::json,
    },
];

pub fn subject(name: &str) -> Option<&'static Subject> {
    SUBJECTS.iter().find(|subject| subject.name == name)
}

/// Measures what the command line says, and prints it on one line of the standard error, since some peers print.
///
/// # Panics
/// On arguments that say nothing.
pub fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, workload, size] = &arguments[..] else { panic!("usage: NAME WORKLOAD SIZE") };
    let subject = subject(name).unwrap_or_else(|| panic!("`{name}` is no subject"));
    let workload = workload.parse().unwrap_or_else(|error| panic!("{error}"));
    let size = size.parse().unwrap_or_else(|error| panic!("{error}"));
    match (subject.run)(workload, size) {
        None => eprintln!("unsupported"),
        Some(Sample { operations, wall, cpu, allocations, held_bytes, check }) => {
            let (wall, cpu) = (wall.as_nanos(), cpu.as_nanos());
            eprintln!("measured {operations} {wall} {cpu} {allocations} {held_bytes} {check}");
        }
    }
}

impl Subject {
    /// Whether it is another framework.
    pub fn is_peer(&self) -> bool {
        !self.name.starts_with("by hand") && !self.name.starts_with("es-core")
    }
}

/// Who is not measured, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[];
