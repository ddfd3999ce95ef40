//! `Cargo.lock` in the four formats that cargo has written since 2015, and a fifth version that is ours.

use std::collections::BTreeMap;

use es_core::{Aggregate, Apply, Event, EventData, Repository, StreamId, Timestamp};
use es_testkit::assert_locked;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cargo_home;
use crate::history::{self, Stored};

/// The exact packages that a crate was built with.
///
/// Version 2: each package has its checksum, which a table for all packages had before, and dependencies are written as
/// short as they can be.
/// Version 3: the file says its format.
/// Version 4: branches of git sources are written another way; crates on crates.io have no such sources.
/// Version 5: each dependency says the version that it was resolved to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "dependencies-locked", version = 5)]
#[serde(deny_unknown_fields)]
#[upcast(1 => 2,
    change(#[serde(default)] package: Vec<Package> => with_checksums(package, root, &metadata)),
    remove(#[serde(default)] metadata: BTreeMap<String, String>, root: Option<Package>))]
#[upcast(2 => 3, add(version = 3))]
#[upcast(3 => 4, change(version: u32 => version + 1))]
#[upcast(4 => 5,
    remove(#[serde(default)] package: Vec<Package>, version: u32, patch),
    add(packages = resolved(&package)?))]
pub(crate) struct DependenciesLocked {
    pub(crate) packages: Vec<LockedPackage>,
}

/// A package that was locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) source: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Which package a dependency was resolved to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// A package in the formats of cargo.
#[derive(Debug, Clone, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
    /// `name`, `name version` or `name version (source)`.
    #[serde(default)]
    dependencies: Vec<String>,
    #[expect(dead_code, reason = "cargo has replaced it by patches")]
    replace: Option<String>,
}

/// Moves each checksum from the entry `checksum NAME VERSION (SOURCE)` to its package.
fn with_checksums(packages: Vec<Package>, root: Option<Package>, metadata: &BTreeMap<String, String>) -> Vec<Package> {
    let with_checksum = |package: Package| {
        let Package { name, version, source, .. } = &package;
        let key = format!("checksum {name} {version} ({})", source.as_deref().unwrap_or_default());
        let checksum = metadata.get(&key).filter(|checksum| *checksum != "<none>").cloned();
        Package { checksum, ..package }
    };
    root.into_iter().chain(packages).map(with_checksum).collect()
}

/// A dependency that does not name exactly one package of its file.
#[derive(Debug, thiserror::Error)]
#[error("`{package}` depends on `{dependency}`, which {candidates} packages of the file answer to")]
struct Unresolved {
    package: String,
    dependency: String,
    candidates: usize,
}

fn resolved(packages: &[Package]) -> Result<Vec<LockedPackage>, Unresolved> {
    let resolve = |package: &Package| {
        let dependencies = package.dependencies.iter().map(|dependency| resolve(dependency, package, packages));
        let Package { name, version, source, checksum, .. } = package.clone();
        Ok(LockedPackage { name, version, source, checksum, dependencies: dependencies.collect::<Result<_, _>>()? })
    };
    packages.iter().map(resolve).collect()
}

fn resolve(dependency: &str, of: &Package, packages: &[Package]) -> Result<Dependency, Unresolved> {
    let mut words = dependency.split(' ');
    let (name, version) = (words.next().unwrap_or_default(), words.next());
    let source = words.next().map(|source| source.trim_matches(['(', ')']));
    let is_meant = |package: &&Package| {
        package.name == name
            && version.is_none_or(|version| package.version == version)
            && source.is_none_or(|source| package.source.as_deref() == Some(source))
    };
    let candidates: Vec<_> = packages.iter().filter(is_meant).collect();
    match candidates.as_slice() {
        [package] => Ok(Dependency { name: package.name.clone(), version: package.version.clone() }),
        _ => Err(Unresolved {
            package: of.name.clone(),
            dependency: dependency.to_owned(),
            candidates: candidates.len(),
        }),
    }
}

/// The lock files of a crate, one for each of its versions.
#[derive(Debug, Default, Aggregate)]
#[aggregate(
    name = "lock_file", id = String, error = std::convert::Infallible, events(DependenciesLocked), commands(),
)]
pub(crate) struct LockFile {
    pub(crate) recorded: usize,
    pub(crate) packages: Vec<LockedPackage>,
}

impl Apply<DependenciesLocked> for LockFile {
    fn apply(&mut self, event: DependenciesLocked) {
        self.recorded += 1;
        self.packages = event.packages;
    }
}

/// Every lock file of a crate that cargo has unpacked, and that of this workspace.
pub(crate) fn found() -> Vec<Stored> {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = cargo_home::crates().into_iter().chain([here]);
    folders
        .filter_map(|folder| {
            let file = folder.join("Cargo.lock");
            let lock_file = cargo_home::toml(&file)?;
            let manifest = cargo_home::toml(&folder.join("Cargo.toml"))?;
            let package = manifest["package"]["name"].as_str().unwrap_or("workspace");
            Some(Stored {
                stream: StreamId::new(LockFile::NAME, package).unwrap(),
                name: DependenciesLocked::NAME,
                schema_version: format_of(&lock_file),
                recorded_at: Timestamp::UNIX_EPOCH,
                payload: lock_file.to_string().into(),
                place: file.display().to_string(),
            })
        })
        .collect()
}

/// Formats 1 and 2 do not say so; cargo, too, tells them apart by where the checksums are.
fn format_of(lock_file: &Value) -> u32 {
    let said = lock_file["version"].as_u64().and_then(|format| u32::try_from(format).ok());
    said.unwrap_or(if lock_file["metadata"].is_object() || lock_file["root"].is_object() { 1 } else { 2 })
}

#[tokio::test]
async fn every_lock_file_of_every_format_is_read() {
    let history = found();
    let lock_files = Repository::<LockFile, _>::new(history::store(&history).await);
    for (id, stored) in history::by_stream(&history) {
        for (version, stored) in (1..).zip(stored) {
            let loaded = lock_files.load_at(id, version).await.unwrap().into_state();
            let (packages, payload) = (loaded.packages, stored.json());
            assert_eq!(checksums(&packages), checksums_in(&payload), "{}", stored.place);
            assert_eq!(dependencies(&packages), dependencies_in(&payload), "{}", stored.place);
            stored.assert_reads_as(&DependenciesLocked { packages });
        }
    }
    history::report("lock files", &history);
}

/// The checksum of each package that has one, by `name version`.
fn checksums(packages: &[LockedPackage]) -> BTreeMap<String, String> {
    let checksum = |package: &LockedPackage| {
        let LockedPackage { name, version, .. } = package;
        Some((format!("{name} {version}"), package.checksum.clone()?))
    };
    packages.iter().filter_map(checksum).collect()
}

/// The same, looked up without types: in the table, if there is one, or at the packages.
fn checksums_in(payload: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    if let Some(table) = payload["metadata"].as_object() {
        let is_one = |key: &str, checksum: &Value| key.starts_with("checksum ") && checksum != "<none>";
        let entries = table.iter().filter(|(key, checksum)| is_one(key, checksum));
        return entries
            .map(|(key, checksum)| {
                let words: Vec<_> = key.split(' ').collect();
                (words[1..3].join(" "), text(checksum))
            })
            .collect();
    }
    packages_in(payload)
        .filter(|package| !package["checksum"].is_null())
        .map(|package| {
            (format!("{} {}", text(&package["name"]), text(&package["version"])), text(&package["checksum"]))
        })
        .collect()
}

/// The name of each package and of what it depends on.
fn dependencies(packages: &[LockedPackage]) -> Vec<(&str, Vec<&str>)> {
    let mut found = Vec::new();
    for package in packages {
        found.push((&*package.name, package.dependencies.iter().map(|dependency| &*dependency.name).collect()));
    }
    found
}

/// The same, looked up without types.
fn dependencies_in(payload: &Value) -> Vec<(&str, Vec<&str>)> {
    fn name(text: &Value) -> &str {
        text.as_str().unwrap().split(' ').next().unwrap()
    }
    let mut found = Vec::new();
    for package in packages_in(payload) {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        found.push((name(&package["name"]), dependencies.map(name).collect()));
    }
    found
}

fn packages_in(payload: &Value) -> impl Iterator<Item = &Value> {
    payload.get("root").into_iter().chain(payload["package"].as_array().into_iter().flatten())
}

#[test]
fn the_lock_knows_every_format() {
    assert_locked!(LockFile);
}
