//! A program of another release of Debian than this machine's: unpacked beside the system, of which nothing changes.
//!
//! A throwaway apt knows nothing but that release. It takes the mirror from the apt of this machine, and checks the
//! signatures with its keys.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Program, cache, entries, run};

const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The file `program` (a path within the package) of a package of `release`; it must need no libraries that are not
/// here.
///
/// # Errors
/// Why it could not be had.
pub fn of_release(release: &str, package: &str, program: &str) -> Result<Program, String> {
    let cache = cache();
    let root = cache.join(format!("{release}-{package}"));
    if !root.join(program).is_file() {
        fs::create_dir_all(&cache).map_err(|error| error.to_string())?;
        // Unpacked beside it and then renamed, so that nobody finds half of it.
        let new = tempfile::tempdir_in(&cache).map_err(|error| error.to_string())?;
        download(release, package, new.path())
            .map_err(|error| format!("`{package}` of Debian {release} cannot be had: {error}"))?;
        // Somebody else may have been faster; then his is found below.
        let _ = fs::rename(new.path().join("root"), &root);
    }
    let path = root.join(program);
    if path.is_file() { Ok(Program::at(path)) } else { Err(format!("the package `{package}` has no `{program}`")) }
}

/// Downloads a package into `folder`, and unpacks it in `root` there.
fn download(release: &str, package: &str, folder: &Path) -> Result<(), String> {
    let apt = Apt::new(release, folder)?;
    run(apt.command().arg("update"))?;
    run(apt.command().args(["download", package]))?;
    let file = entries(folder).into_iter().find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    run(Command::new("dpkg-deb").arg("-x").arg(file.ok_or("apt downloaded nothing")?).arg(folder.join("root")))?;
    Ok(())
}

/// An apt that knows nothing but one release, and keeps what it knows in a folder.
pub(super) struct Apt<'f>(&'f Path);

impl<'f> Apt<'f> {
    pub(super) fn new(release: &str, folder: &'f Path) -> Result<Self, String> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part)).map_err(|error| error.to_string())?;
        }
        let signed = if Path::new(KEYS).is_file() { format!("[signed-by={KEYS}] ") } else { String::new() };
        let sources = format!("deb {signed}{} {release} main\n", mirror());
        fs::write(folder.join("sources.list"), sources).map_err(|error| error.to_string())?;
        Ok(Self(folder))
    }

    pub(super) fn command(&self) -> Command {
        let folder = self.0;
        let mut apt = Command::new("apt-get");
        let option = |name: &str, path: &str| format!("{name}={}", folder.join(path).display());
        apt.args(["-o", &option("Dir::Etc::sourcelist", "sources.list"), "-o", "Dir::Etc::sourceparts=-"]);
        apt.args(["-o", &option("Dir::State::lists", "lists"), "-o", &option("Dir::Cache", "cache")]);
        // The folder belongs to who runs the test, not to apt's own user.
        apt.args(["-o", "APT::Sandbox::User=", "-o", "Acquire::Languages=none"]).current_dir(folder);
        apt
    }
}

/// The mirror that this machine's apt uses for Debian.
fn mirror() -> String {
    let listed = run(Command::new("apt-get").args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]));
    let listed = listed.unwrap_or_default();
    let of_debian = listed.lines().map(|line| line.trim_end_matches('/')).find(|uri| uri.ends_with("/debian"));
    of_debian.unwrap_or(DEFAULT_MIRROR).to_owned()
}
