//! The lock as a file: JSON, keys sorted, one field on a line, so that two branches merge.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use es_core::shape::{Shape, ShapeError};
use serde_json::{Map, Value, json};

use super::check::Mode;
use super::process::Sections;
use super::state::{self, States};

/// The number of the format that is written.
const FORMAT: u64 = 1;

/// The number of the format with states, which is written where there are any.
const WITH_STATES: u64 = 2;

/// The number of the format with processes, which is written where there are any.
const WITH_PROCESSES: u64 = 3;

/// What was ever stored, by aggregate, stored name and version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    pub(super) aggregates: BTreeMap<String, Events>,
    pub(super) states: States,
    pub(super) processes: BTreeMap<String, Sections>,
}

pub(super) type Events = BTreeMap<String, BTreeMap<u32, Locked>>;

/// One version of one event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Locked {
    pub(super) shape: Shape,
    pub(super) sample: Value,
    /// The events that the sample reads as today; null if it was never read.
    pub(super) reads_as: Value,
    /// The sample without the fields that may be missing, if it has any.
    pub(super) sparse: Option<Sparse>,
}

/// A sample that lacks what may be missing, so that it is seen what is read in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sparse {
    pub(super) payload: Value,
    pub(super) reads_as: Value,
}

/// Why the lock file is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// It is no JSON.
    #[error("{} is not JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it is not.
        #[source]
        cause: serde_json::Error,
    },
    /// It is of a newer format, or of none.
    #[error("{} has format {found}, this es-testkit reads formats up to {WITH_PROCESSES}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// An entry is not as it should be.
    #[error("{}: the entry of `{aggregate}`, `{event}`, version {version} is damaged", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The aggregate, or the process.
        aggregate: String,
        /// The stored name.
        event: String,
        /// The version.
        version: String,
        /// What is wrong with it.
        #[source]
        cause: Option<ShapeError>,
    },
    /// What is known of a state is not as it should be.
    #[error("{}: the state of `{aggregate}` under fingerprint {fingerprint} is damaged", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// The aggregate.
        aggregate: String,
        /// The fingerprint.
        fingerprint: String,
    },
}

impl Lock {
    /// Reads the file, lets `work` change the lock, and writes it back if it has changed.
    ///
    /// Tests that run at the same time, in one process or several, wait for each other.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn with_file<T>(path: &Path, mode: Mode, work: impl FnOnce(&mut Self) -> T) -> Result<T, LockError> {
        let failed = |cause| LockError::File { path: path.to_owned(), cause };
        if mode == Mode::Compare && !path.exists() {
            return Ok(work(&mut Self::default()));
        }
        let is_writable = mode != Mode::Compare;
        let mut file = File::options()
            .read(true)
            .write(is_writable)
            .create(is_writable)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        if is_writable { file.lock() } else { file.lock_shared() }.map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let mut lock = if text.trim().is_empty() { Self::default() } else { Self::from_text(&text, path)? };
        let before = lock.clone();
        let done = work(&mut lock);
        if is_writable && lock != before {
            file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
            file.write_all(lock.to_text().as_bytes()).map_err(failed)?;
        }
        Ok(done)
    }

    /// The lock as it stands in the file.
    pub fn to_text(&self) -> String {
        let version = |Locked { shape, sample, reads_as, sparse }: &Locked| {
            let mut entry = json!({ "shape": shape.to_json(), "sample": sample, "reads_as": reads_as });
            if let Some(Sparse { payload, reads_as }) = sparse {
                entry["sparse"] = json!({ "sample": payload, "reads_as": reads_as });
            }
            entry
        };
        let versions = |versions: &BTreeMap<u32, Locked>| -> Map<String, Value> {
            versions.iter().map(|(number, locked)| (number.to_string(), version(locked))).collect()
        };
        let events = |events: &Events| -> Map<String, Value> {
            events.iter().map(|(name, of_event)| (name.clone(), versions(of_event).into())).collect()
        };
        let aggregates: Map<_, _> =
            self.aggregates.iter().map(|(name, of_aggregate)| (name.clone(), events(of_aggregate).into())).collect();
        let mut all = json!({ "format": FORMAT, "aggregates": aggregates });
        if !self.states.is_empty() {
            all["format"] = WITH_STATES.into();
            all["states"] = state::to_json(&self.states);
        }
        if !self.processes.is_empty() {
            let sections = |sections: &Sections| -> Map<String, Value> {
                sections.iter().map(|(section, entries)| (section.clone(), events(entries).into())).collect()
            };
            let processes: Map<_, _> =
                self.processes.iter().map(|(name, kept)| (name.clone(), sections(kept).into())).collect();
            all["format"] = WITH_PROCESSES.into();
            all["processes"] = processes.into();
        }
        format!("{all:#}\n")
    }

    /// The lock that [`to_text`](Self::to_text) has written; `path` is for errors.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn from_text(text: &str, path: &Path) -> Result<Self, LockError> {
        let value: Value =
            serde_json::from_str(text).map_err(|cause| LockError::Json { path: path.to_owned(), cause })?;
        if ![FORMAT, WITH_STATES, WITH_PROCESSES].iter().any(|format| value["format"] == *format) {
            return Err(LockError::Format { path: path.to_owned(), found: value["format"].to_string() });
        }
        let damaged = |(aggregate, fingerprint)| LockError::State { path: path.to_owned(), aggregate, fingerprint };
        let states = state::from_json(&value["states"]).map_err(damaged)?;
        let mut lock = Self { states, ..Self::default() };
        for (aggregate, events) in value["aggregates"].as_object().into_iter().flatten() {
            lock.aggregates.insert(aggregate.clone(), events_from(events, path, aggregate)?);
        }
        for (process, sections) in value["processes"].as_object().into_iter().flatten() {
            let of_process = lock.processes.entry(process.clone()).or_default();
            for (section, events) in sections.as_object().into_iter().flatten() {
                of_process.insert(section.clone(), events_from(events, path, process)?);
            }
        }
        Ok(lock)
    }
}

/// What is known by name and version; `of` has it.
fn events_from(events: &Value, path: &Path, of: &str) -> Result<Events, LockError> {
    let mut all = Events::new();
    for (event, versions) in events.as_object().into_iter().flatten() {
        let of_event = all.entry(event.clone()).or_default();
        for (version, entry) in versions.as_object().into_iter().flatten() {
            let damaged = |cause| LockError::Entry {
                path: path.to_owned(),
                aggregate: of.to_owned(),
                event: event.clone(),
                version: version.clone(),
                cause,
            };
            let number = version.parse().map_err(|_| damaged(None))?;
            let shape = Shape::from_json(&entry["shape"]).map_err(|cause| damaged(Some(cause)))?;
            let (sample, reads_as) = (entry["sample"].clone(), entry["reads_as"].clone());
            let sparse = entry
                .get("sparse")
                .map(|sparse| Sparse { payload: sparse["sample"].clone(), reads_as: sparse["reads_as"].clone() });
            of_event.insert(number, Locked { shape, sample, reads_as, sparse });
        }
    }
    Ok(all)
}
