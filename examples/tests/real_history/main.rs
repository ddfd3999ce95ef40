//! Reads the history of real schemas with the structs of today: all manifests, all lock files and all entries of the
//! index that cargo keeps on this machine, the oldest of them from 2014.
//!
//! What was read is said even if the tests pass, and so is it if there was nothing to read.

mod cargo_home;
mod checksums;
mod history;
mod index;
mod lock_files;
mod manifests;

use std::path::Path;

use es_testkit::lock::{Lock, Mode};

use self::index::Crate;
use self::lock_files::LockFile;
use self::manifests::Manifest;

#[test]
fn every_older_version_is_locked_with_a_real_payload() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("events.lock.json");
    let generated = Lock::with_file(&file, Mode::Compare, |lock| {
        [lock.only_generated::<Crate>(), lock.only_generated::<LockFile>(), lock.only_generated::<Manifest>()]
    });
    assert_eq!(generated.unwrap().concat(), []);
}
