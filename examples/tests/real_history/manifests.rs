//! Manifests: version 1 as people write them, version 2 as cargo writes them down when it publishes, and a third version
//! that is ours.

use std::collections::{BTreeMap, BTreeSet};

use es_core::{Aggregate, Apply, Event, EventData, Repository, StreamId, Timestamp};
use es_testkit::assert_locked;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cargo_home;
use crate::history::{self, Stored};

/// The manifest of a crate was published.
///
/// Version 2: nothing is inherited from the workspace, and each dependency is a table.
/// Version 3: what cargo assumes is said, and what could be written in several ways has a type for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "manifest-published", version = 3)]
#[serde(rename_all = "kebab-case")]
#[upcast(1 => 2,
    add(inherited = names_of(&[
        ("version", is_inherited(version.as_ref())), ("edition", is_inherited(edition.as_ref())),
        ("authors", is_inherited(authors.as_ref())), ("license", is_inherited(license.as_ref())),
        ("rust-version", is_inherited(rust_version.as_ref())), ("readme", is_inherited(readme.as_ref())),
    ])),
    change(
        version: Option<Inheritable<String>> => here(version).unwrap_or_default(),
        edition: Option<Inheritable<String>> => here(edition),
        authors: Option<Inheritable<Vec<String>>> => here(authors).unwrap_or_default(),
        license: Option<Inheritable<String>> => here(license),
        rust_version: Option<Inheritable<String>> => here(rust_version),
        readme: Option<Inheritable<BoolOrText>> => here(readme),
        #[serde(default)] dependencies: BTreeMap<String, VersionOrTable> => tables(dependencies),
        #[serde(default, alias = "dev_dependencies")]
        dev_dependencies: BTreeMap<String, VersionOrTable> => tables(dev_dependencies),
    ))]
#[upcast(2 => 3,
    change(
        edition: Option<String> => edition.unwrap_or_else(|| "2015".to_owned()),
        readme: Option<BoolOrText> => readme.into(),
        #[serde(default)] dependencies: BTreeMap<String, DependencyTable> => named(dependencies),
        #[serde(default)] dev_dependencies: BTreeMap<String, DependencyTable> => named(dev_dependencies),
    ))]
pub(crate) struct ManifestPublished {
    pub(crate) name: String,
    /// The fields whose values stand in a manifest that is not published.
    #[serde(default)]
    pub(crate) inherited: BTreeSet<String>,
    pub(crate) version: String,
    pub(crate) edition: String,
    #[serde(default)]
    pub(crate) authors: Vec<String>,
    pub(crate) license: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) readme: Readme,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) dev_dependencies: Vec<Dependency>,
}

/// The file that is shown for a crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EventData)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Readme {
    /// The one beside the manifest, if there is one.
    Found,
    At(String),
    Nothing,
}

/// What a crate depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EventData)]
pub(crate) struct Dependency {
    pub(crate) called: String,
    pub(crate) package: String,
    /// Missing if it stands in the manifest of the workspace, or if only the path is known.
    pub(crate) requirement: Option<String>,
    pub(crate) features: BTreeSet<String>,
    pub(crate) default_features: bool,
    pub(crate) optional: bool,
    pub(crate) is_inherited: bool,
}

/// A value, or `{ workspace = true }`.
#[derive(Debug, Deserialize, EventData)]
#[serde(untagged)]
enum Inheritable<T> {
    Here(T),
    Inherited {
        #[expect(dead_code, reason = "is always true")]
        workspace: bool,
    },
}

#[derive(Debug, Deserialize, EventData)]
#[serde(untagged)]
enum BoolOrText {
    Bool(bool),
    Text(String),
}

#[derive(Debug, Deserialize, EventData)]
#[serde(untagged)]
enum VersionOrTable {
    Version(String),
    Table(DependencyTable),
}

#[derive(Debug, Default, Deserialize, EventData)]
#[serde(rename_all = "kebab-case", default)]
struct DependencyTable {
    version: Option<String>,
    package: Option<String>,
    features: BTreeSet<String>,
    #[serde(alias = "default_features")]
    default_features: Option<bool>,
    optional: bool,
    workspace: bool,
}

fn here<T>(value: Option<Inheritable<T>>) -> Option<T> {
    match value? {
        Inheritable::Here(value) => Some(value),
        Inheritable::Inherited { .. } => None,
    }
}

fn is_inherited<T>(value: Option<&Inheritable<T>>) -> bool {
    matches!(value, Some(Inheritable::Inherited { .. }))
}

fn names_of(fields: &[(&str, bool)]) -> BTreeSet<String> {
    fields.iter().filter(|(_, is_inherited)| *is_inherited).map(|(name, _)| (*name).to_owned()).collect()
}

fn tables(dependencies: BTreeMap<String, VersionOrTable>) -> BTreeMap<String, DependencyTable> {
    let table = |dependency| match dependency {
        VersionOrTable::Version(version) => DependencyTable { version: Some(version), ..DependencyTable::default() },
        VersionOrTable::Table(table) => table,
    };
    dependencies.into_iter().map(|(called, dependency)| (called, table(dependency))).collect()
}

fn named(dependencies: BTreeMap<String, DependencyTable>) -> Vec<Dependency> {
    let dependency = |(called, table): (String, DependencyTable)| Dependency {
        package: table.package.unwrap_or_else(|| called.clone()),
        called,
        requirement: table.version,
        features: table.features,
        default_features: table.default_features.unwrap_or(true),
        optional: table.optional,
        is_inherited: table.workspace,
    };
    dependencies.into_iter().map(dependency).collect()
}

impl From<Option<BoolOrText>> for Readme {
    fn from(readme: Option<BoolOrText>) -> Self {
        match readme {
            None => Self::Found,
            Some(BoolOrText::Bool(true)) => Self::At("README.md".to_owned()),
            Some(BoolOrText::Bool(false)) => Self::Nothing,
            Some(BoolOrText::Text(path)) => Self::At(path),
        }
    }
}

/// The manifests of a crate, in the order in which it came out of people's and cargo's hands.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "manifest", id = String, error = std::convert::Infallible, events(ManifestPublished), commands())]
pub(crate) struct Manifest {
    pub(crate) published: Vec<ManifestPublished>,
}

impl Apply<ManifestPublished> for Manifest {
    fn apply(&mut self, event: ManifestPublished) {
        self.published.push(event);
    }
}

/// The manifests of every crate that cargo has unpacked, each followed by what cargo made of it.
pub(crate) fn found() -> Vec<Stored> {
    let mut found = Vec::new();
    for folder in cargo_home::crates() {
        for (version, name) in [(1, "Cargo.toml.orig"), (2, "Cargo.toml")] {
            let file = folder.join(name);
            let Some(mut manifest) = cargo_home::toml(&file) else { continue };
            found.push(Stored {
                stream: StreamId::new(Manifest::NAME, folder.file_name().unwrap().display()).unwrap(),
                name: ManifestPublished::NAME,
                schema_version: version,
                recorded_at: Timestamp::UNIX_EPOCH,
                payload: payload(&mut manifest).to_string().into(),
                place: file.display().to_string(),
            });
        }
    }
    found
}

/// The table `[package]`, which was called `[project]` long ago, and the dependencies among its fields.
fn payload(manifest: &mut Value) -> Value {
    let table = if manifest["package"].is_object() { "package" } else { "project" };
    let mut payload = manifest[table].take();
    for key in ["dependencies", "dev-dependencies", "dev_dependencies"] {
        if manifest[key].is_object() {
            payload[key] = manifest[key].take();
        }
    }
    payload
}

#[tokio::test]
async fn every_manifest_is_read_as_people_and_as_cargo_wrote_it() {
    let history = found();
    let manifests = Repository::<Manifest, _>::new(history::store(&history).await);
    for (id, stored) in history::by_stream(&history) {
        let published = manifests.load(id).await.unwrap().into_state().published;
        assert_eq!(published.len(), stored.len());
        if let [written, by_cargo] = published.as_slice() {
            assert_eq!(with_what_cargo_knows(written.clone(), by_cargo), *by_cargo, "{id}");
        }
        for (event, stored) in published.iter().zip(stored) {
            stored.assert_reads_as(event);
        }
    }
    history::report("manifests", &history);
}

/// The manifest with what cargo put in the place of what is inherited, and with the file that it found.
fn with_what_cargo_knows(mut written: ManifestPublished, by_cargo: &ManifestPublished) -> ManifestPublished {
    for field in std::mem::take(&mut written.inherited) {
        match field.as_str() {
            "version" => written.version.clone_from(&by_cargo.version),
            "edition" => written.edition.clone_from(&by_cargo.edition),
            "authors" => written.authors.clone_from(&by_cargo.authors),
            "license" => written.license.clone_from(&by_cargo.license),
            "rust-version" => written.rust_version.clone_from(&by_cargo.rust_version),
            "readme" => written.readme.clone_from(&by_cargo.readme),
            other => panic!("`{other}` is no field that can be inherited"),
        }
    }
    if written.readme == Readme::Found || matches!(&written.readme, Readme::At(path) if path.starts_with('.')) {
        // Cargo says which file it found, and takes one of another folder along.
        written.readme.clone_from(&by_cargo.readme);
    }
    fill_in(&mut written.dependencies, &by_cargo.dependencies);
    fill_in(&mut written.dev_dependencies, &by_cargo.dev_dependencies);
    written
}

/// Cargo looks an inherited dependency up, and leaves one out that is only known by its path.
fn fill_in(written: &mut Vec<Dependency>, by_cargo: &[Dependency]) {
    written.retain_mut(|dependency| {
        if dependency.requirement.is_some() {
            return true;
        }
        let looked_up = by_cargo.iter().find(|other| other.called == dependency.called);
        looked_up.map(|other| dependency.clone_from(other)).is_some()
    });
}

#[test]
fn the_lock_knows_every_version_of_manifests() {
    assert_locked!(Manifest);
}
