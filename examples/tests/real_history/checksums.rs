//! A read model over two histories: what lock files say about a package is held against what the index says.

use std::collections::BTreeMap;

use es_core::{Answer, Project, Projection, ProjectionRunner, Query, RecordedEvent};
use examples::Grouped;

use crate::history;
use crate::index::{self, VersionPublished};
use crate::lock_files::{self, DependenciesLocked};

/// The checksums of packages, from the index and from lock files, by `name version`.
#[derive(Debug, Default, Projection)]
#[projection(name = "checksums", events(VersionPublished, DependenciesLocked))]
struct Checksums {
    published: BTreeMap<String, String>,
    locked: Vec<(String, String)>,
}

impl Project<VersionPublished> for Checksums {
    fn project(&mut self, event: VersionPublished, _: &RecordedEvent) {
        self.published.insert(format!("{} {}", event.name, event.version), event.checksum);
    }
}

impl Project<DependenciesLocked> for Checksums {
    fn project(&mut self, event: DependenciesLocked, _: &RecordedEvent) {
        for package in event.packages {
            let name = format!("{} {}", package.name, package.version);
            self.locked.extend(package.checksum.map(|checksum| (name, checksum)));
        }
    }
}

/// How many checksums of lock files are those of the index, and which are not.
struct Compare;

impl Query for Compare {
    type Answer = (u64, Vec<String>);
}

impl Answer<Compare> for Checksums {
    fn answer(&self, _: Compare) -> (u64, Vec<String>) {
        let (mut same, mut different) = (0, Vec::new());
        for (name, checksum) in &self.locked {
            match self.published.get(name) {
                Some(published) if published == checksum => same += 1,
                Some(_) => different.push(name.clone()),
                // Cargo asks the index for what it needs, and knows nothing of other packages.
                None => {}
            }
        }
        (same, different)
    }
}

#[tokio::test]
async fn lock_files_of_every_format_agree_with_the_index() {
    let histories = [index::found(), lock_files::found()].concat();
    let checksums = ProjectionRunner::new(history::store(&histories).await, Checksums::default());
    checksums.catch_up().await.unwrap();
    let (same, different) = checksums.query(Compare);
    assert_eq!(different, [""; 0]);
    history::say(&format!("{} checksums of lock files are those of the index", Grouped(same)));
}
