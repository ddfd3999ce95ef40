//! The index of crates.io: one entry for each version of each crate, in the two formats that it has had since 2014, and
//! a third version that is ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use es_core::{Aggregate, Apply, Event, EventData, Repository, StreamId, Timestamp};
use es_testkit::assert_locked;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cargo_home;
use crate::history::{self, Stored};

type Features = BTreeMap<String, BTreeSet<String>>;

/// A version of a crate was published.
///
/// Version 2: features of a newer syntax stand apart, where older cargos do not see them.
/// Version 3: our words, and each thing once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[event(name = "version-published", version = 3)]
#[serde(deny_unknown_fields)]
#[upcast(1 => 2, add(features2))]
#[upcast(2 => 3,
    rename(vers => version, cksum => checksum),
    change(features: Features => merged(features, features2)),
    remove(#[serde(default)] features2: Features),
    remove(deps: Vec<IndexDependency>),
    add(dependencies = deps.into_iter().map(Dependency::from).collect()),
    remove(pubtime: Option<String>),
    add(published = pubtime.unwrap_or_else(|| recorded.recorded_at.to_string())),
    remove(v))]
pub(crate) struct VersionPublished {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) checksum: String,
    pub(crate) published: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: Features,
    pub(crate) links: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) yanked: bool,
}

/// What a version of a crate depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dependency {
    /// The crate.
    pub(crate) package: String,
    /// What it is called in the code.
    pub(crate) called: String,
    pub(crate) requirement: String,
    pub(crate) kind: Kind,
    pub(crate) target: Option<String>,
    pub(crate) features: BTreeSet<String>,
    pub(crate) default_features: bool,
    pub(crate) optional: bool,
}

/// When a dependency is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EventData)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

/// A dependency in the formats of the index: `name` is what it is called in the code, and the crate only if `package`
/// does not say otherwise; `target` is null for all targets, and a null `kind` is a normal one.
#[derive(Debug, Deserialize, EventData)]
#[serde(deny_unknown_fields)]
struct IndexDependency {
    name: String,
    package: Option<String>,
    req: String,
    kind: Option<Kind>,
    target: Option<String>,
    features: BTreeSet<String>,
    default_features: bool,
    optional: bool,
}

impl From<IndexDependency> for Dependency {
    fn from(old: IndexDependency) -> Self {
        Self {
            package: old.package.unwrap_or_else(|| old.name.clone()),
            called: old.name,
            requirement: old.req,
            kind: old.kind.unwrap_or(Kind::Normal),
            target: old.target,
            features: old.features,
            default_features: old.default_features,
            optional: old.optional,
        }
    }
}

fn merged(mut features: Features, newer_syntax: Features) -> Features {
    for (name, enables) in newer_syntax {
        features.entry(name).or_default().extend(enables);
    }
    features
}

/// A crate as the index knows it.
#[derive(Debug, Default, Aggregate)]
#[aggregate(name = "crate", id = String, error = std::convert::Infallible, events(VersionPublished), commands())]
pub(crate) struct Crate {
    pub(crate) versions: Vec<VersionPublished>,
}

impl Apply<VersionPublished> for Crate {
    fn apply(&mut self, event: VersionPublished) {
        self.versions.push(event);
    }
}

/// What tells the place of an entry in the history.
#[derive(Deserialize)]
struct Place {
    name: String,
    vers: String,
    pubtime: Option<String>,
    /// The format; entries of the first one do not say it.
    v: Option<u32>,
}

/// Every entry, in the order in which the versions were published.
pub(crate) fn found() -> Vec<Stored> {
    let stored = |(file, entry): (PathBuf, Vec<u8>)| {
        let place = serde_json::from_slice(&entry).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let Place { name, vers, pubtime, v } = place;
        Stored {
            stream: StreamId::new(Crate::NAME, name).unwrap(),
            name: VersionPublished::NAME,
            schema_version: v.unwrap_or(1),
            recorded_at: pubtime.map_or(Timestamp::UNIX_EPOCH, |time| time.parse().unwrap()),
            place: format!("{}, version {vers}", file.display()),
            payload: entry.into(),
        }
    };
    let mut found: Vec<_> = cargo_home::index_entries().into_iter().map(stored).collect();
    found.sort_by_key(|stored| stored.recorded_at);
    found
}

#[tokio::test]
async fn every_entry_of_the_index_is_read() {
    let history = found();
    let crates = Repository::<Crate, _>::new(history::store(&history).await);
    let then: Timestamp = "2020-01-01T00:00:00Z".parse().unwrap();
    for (id, stored) in history::by_stream(&history) {
        let back_then = crates.load_at(id, then).await.unwrap().into_state().versions;
        assert_eq!(back_then.len(), stored.iter().filter(|stored| stored.recorded_at <= then).count());
        let versions = crates.load(id).await.unwrap().into_state().versions;
        assert_eq!(versions.len(), stored.len());
        for (version, stored) in versions.into_iter().zip(stored) {
            assert_eq!(entry_of(&version), in_order(stored), "{}", stored.place);
            stored.assert_reads_as(&version);
        }
    }
    history::report("entries of the index", &history);
}

/// The entry that a version was read from.
fn entry_of(version: &VersionPublished) -> Value {
    let dependency = |dependency: &Dependency| {
        let Dependency { package, called, requirement, kind, target, features, default_features, optional } =
            dependency;
        let package = (package != called).then_some(package);
        without_nulls(json!({
            "name": called, "package": package, "req": requirement, "kind": kind, "target": target,
            "features": features, "default_features": default_features, "optional": optional,
        }))
    };
    let dependencies: Vec<_> = version.dependencies.iter().map(dependency).collect();
    let VersionPublished { name, version, checksum, published, features, links, rust_version, yanked, .. } = version;
    without_nulls(json!({
        "name": name, "vers": version, "cksum": checksum, "pubtime": published, "deps": dependencies,
        "features": features, "links": links, "rust_version": rust_version, "yanked": yanked,
    }))
}

/// The entry that was stored, with its features in one place, sorted, and without what is null.
fn in_order(stored: &Stored) -> Value {
    let mut entry = stored.json();
    let mut features = entry["features"].take();
    features.as_object_mut().unwrap().extend(entry["features2"].take().as_object().cloned().unwrap_or_default());
    features.as_object_mut().unwrap().values_mut().for_each(sort);
    for dependency in entry["deps"].as_array_mut().unwrap() {
        sort(&mut dependency["features"]);
        if dependency["kind"].is_null() {
            dependency["kind"] = json!("normal");
        }
        if dependency["package"] == dependency["name"] {
            dependency["package"] = Value::Null;
        }
        *dependency = without_nulls(dependency.take());
    }
    if entry["pubtime"].is_null() {
        entry["pubtime"] = json!(stored.recorded_at.to_string());
    }
    entry["features"] = features;
    entry["v"] = Value::Null;
    without_nulls(entry)
}

fn sort(texts: &mut Value) {
    let texts = texts.as_array_mut().unwrap();
    texts.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    texts.dedup();
}

fn without_nulls(mut object: Value) -> Value {
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}

#[test]
fn the_lock_knows_every_format_of_the_index() {
    assert_locked!(Crate);
}
