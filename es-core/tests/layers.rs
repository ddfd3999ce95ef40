//! Imports inside es-core point downward: a file uses only what stands in the rows above its own.

use std::fs;
use std::path::Path;

/// From the ground up; files of one row may use each other.
const ROWS: &[&[&str]] = &[
    &["codec", "fingerprint", "id", "model", "name", "shape", "stream", "time", "version"],
    &["envelope", "metadata"],
    &["decode_error", "event", "event_set", "hop"],
    &["aggregate", "command", "projection", "snapshotted"],
    &["catalogue"],
    // `forward_store!` is a macro of the port.
    &["forward_store", "store"],
    &["copy", "processor", "upcasting"],
    &["repository", "runner"],
];

/// `id` makes ids for a time, `shape` tells the shape of a time, and nothing else of the words knows another.
const WORDS_THAT_MEET: &[(&str, &str)] = &[("id", "time"), ("shape", "time")];

fn row(module: &str) -> usize {
    ROWS.iter().position(|row| row.contains(&module)).unwrap_or_else(|| panic!("`{module}` has no row in this test"))
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
            found.push((name.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn imports_point_downward() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let mut checked = 0;
    let mut upward = Vec::new();
    for (file, text) in &found {
        let module = file.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "private") {
            continue;
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for used in line.replace("$crate::", "").split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if used == module || used == "__private" {
                    continue;
                }
                checked += 1;
                let is_word = row(module) == 0 && row(&used) == 0;
                let may = if is_word { WORDS_THAT_MEET.contains(&(module, &used)) } else { row(&used) <= row(module) };
                if !may {
                    upward.push(format!("{file} uses crate::{used}"));
                }
            }
        }
    }
    assert!(checked > 50, "only {checked} imports were looked at");
    assert!(upward.is_empty(), "{upward:#?}");
}
