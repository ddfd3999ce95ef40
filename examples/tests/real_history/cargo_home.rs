//! Finds what cargo keeps on this machine: unpacked crates, and its copy of the index of crates.io.
//!
//! Knows where files are and how they are framed; what is in them is up to the histories.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folders of all crates from crates.io that cargo has unpacked, sorted by their names, `serde-1.0.229`.
pub(crate) fn crates() -> Vec<PathBuf> {
    let folders = registries("src").flat_map(|registry| entries(&registry));
    // Cargo writes this file last.
    let mut unpacked: Vec<_> = folders.filter(|folder| folder.join(".cargo-ok").exists()).collect();
    unpacked.sort();
    unpacked
}

/// What the index says about each version of each crate that cargo has asked for, with the file that says it.
pub(crate) fn index_entries() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for registry in registries("index") {
        push_files(&registry.join(".cache"), &mut files);
    }
    files.sort();
    files.into_iter().flat_map(|file| entries_of(&file).into_iter().map(move |entry| (file.clone(), entry))).collect()
}

/// A TOML file as the JSON that an event of it would be stored as.
///
/// # Panics
/// If it is not TOML.
pub(crate) fn toml(file: &Path) -> Option<Value> {
    let text = fs::read_to_string(file).ok()?;
    Some(toml::from_str(&text).unwrap_or_else(|error| panic!("{} is not TOML: {error}", file.display())))
}

/// `.cargo/registry/src/index.crates.io-1949cf8c6b5b557f` and the like; other registries have rules of their own.
fn registries(kind: &str) -> impl Iterator<Item = PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folders = home.map(|home| entries(&home.join("registry").join(kind))).unwrap_or_default();
    folders
        .into_iter()
        .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("index.crates.io-")))
}

/// The files and folders in a folder; none, if there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn push_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in entries(folder) {
        if entry.is_dir() { push_files(&entry, files) } else { files.push(entry) }
    }
}

/// Version 3 of cargo's cache, index format 2: `etag NUL (version NUL entry NUL)*`, the entries as the index gave them.
///
/// A file of another version, or one that cargo is writing at this moment, holds nothing for us.
fn entries_of(file: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(file).unwrap_or_default();
    let Some(framed) = bytes.strip_prefix(b"\x03\x02\0\0\0").and_then(|framed| framed.strip_suffix(b"\0")) else {
        return Vec::new();
    };
    framed.split(|byte| *byte == 0).skip(2).step_by(2).map(<[u8]>::to_vec).collect()
}
