//! Programs of another release of Debian together with all their libraries, the C library included: unpacked beside the
//! system, and started by their own loader, so that neither knows of the other.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::later::Apt;
use super::{Program, cache, entries, matching, run};

/// Large, and only loaded by who asks for machine code; those who lack it do without.
const LEFT_OUT: [&str; 2] = ["libllvm", "libz3"];

/// A program of a folder of a package of `release`; the programs beside it can be run, too.
///
/// # Errors
/// Why it could not be had.
pub fn whole_of_release(release: &str, package: &str, folder: &str, program: &str) -> Result<Program, String> {
    let cache = cache();
    let root = cache.join(format!("{release}-{package}-whole"));
    if !root.is_dir() {
        fs::create_dir_all(&cache).map_err(|error| error.to_string())?;
        // Unpacked beside it and then renamed, so that nobody finds half of it.
        let new = tempfile::tempdir_in(&cache).map_err(|error| error.to_string())?;
        unpack(release, package, folder, new.path(), &root)
            .map_err(|error| format!("`{package}` of Debian {release} cannot be had: {error}"))?;
        // Somebody else may have been faster; then his is found below.
        let _ = fs::rename(new.path().join("root"), &root);
    }
    let path = root.join(folder).join(program);
    if path.is_file() { Ok(Program::at(path)) } else { Err(format!("the package `{package}` has no `{program}`")) }
}

fn unpack(release: &str, package: &str, folder: &str, new: &Path, root: &Path) -> Result<(), String> {
    // As if nothing were installed here.
    fs::write(new.join("status"), "").map_err(|error| error.to_string())?;
    let apt = Apt::new(release, new)?;
    let command = || {
        let mut command = apt.command();
        command.arg("-o").arg(format!("Dir::State::status={}", new.join("status").display()));
        command
    };
    run(command().arg("update"))?;
    let planned = run(command().args(["install", "-s", "--no-install-recommends", package]))?;
    let packages = planned.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    let is_needed = |name: &&str| {
        name.starts_with(package.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-'))
            || (name.starts_with("lib") && !LEFT_OUT.iter().any(|left| name.starts_with(left)))
    };
    run(command().arg("download").args(packages.filter(is_needed)))?;
    for file in entries(new).iter().filter(|file| file.extension().is_some_and(|extension| extension == "deb")) {
        run(Command::new("dpkg-deb").arg("-x").arg(file).arg(new.join("root")))?;
    }
    start_by_loader(&new.join("root"), folder, root)
}

/// Puts in the place of each program a script that starts it with the loader and the libraries of its own release, as they
/// will be at `root`.
fn start_by_loader(unpacked: &Path, folder: &str, root: &Path) -> Result<(), String> {
    let libraries: Vec<PathBuf> =
        ["lib/*", "usr/lib/*"].iter().flat_map(|pattern| matching(unpacked, pattern)).collect();
    let is_loader = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ld-linux")) && file.is_file()
    };
    let loader = libraries.iter().flat_map(|folder| entries(folder)).find(is_loader).ok_or("there is no loader")?;
    let at_root = |path: &Path| root.join(path.strip_prefix(unpacked).unwrap_or(path)).display().to_string();
    let paths: Vec<_> = libraries.iter().map(|folder| at_root(folder)).collect();
    for program in entries(&unpacked.join(folder)) {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let real = program.with_file_name(format!("{name}.real"));
        fs::rename(&program, &real).map_err(|error| error.to_string())?;
        let script = format!(
            "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
            at_root(&loader),
            paths.join(":"),
            at_root(&real)
        );
        fs::write(&program, script).map_err(|error| error.to_string())?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).map_err(|error| error.to_string())?;
    }
    Ok(())
}
