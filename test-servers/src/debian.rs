//! Programs of Debian packages: those installed, else installed by root, else unpacked by an ordinary user.

mod later;
mod whole;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use self::later::of_release;
pub use self::whole::whole_of_release;

/// A program, and where its libraries are if they are not installed.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    libraries: Vec<PathBuf>,
}

impl Program {
    /// A program at this path that finds its libraries by itself.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), libraries: Vec::new() }
    }

    /// Another program of the same folder.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        Self { path: self.path.with_file_name(name), libraries: self.libraries.clone() }
    }

    /// `LD_LIBRARY_PATH` for it, if it needs one.
    pub fn library_path(&self) -> Option<String> {
        let folders: Vec<_> = self.libraries.iter().map(|folder| folder.display().to_string()).collect();
        (!folders.is_empty()).then(|| folders.join(":"))
    }

    /// A command that runs it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.envs(self.library_path().map(|path| ("LD_LIBRARY_PATH", path)));
        command
    }
}

/// Where a program is looked for, and the package that has it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The name of the file.
    pub program: &'a str,
    /// A folder beside those of `PATH`, in which `*` stands for one folder of any name; `/usr/lib/postgresql/*/bin`.
    pub folder: Option<&'a str>,
    /// The package.
    pub package: &'a str,
}

impl Wanted<'_> {
    /// Finds the program, or gets the package and finds it then.
    ///
    /// # Errors
    /// Why it is not there, and what to do.
    pub fn get(&self) -> Result<Program, String> {
        self.find(Path::new("/")).map_or_else(|| self.install(), Ok)
    }

    /// The program below `root`; in `PATH` too, if that is the root.
    fn find(&self, root: &Path) -> Option<Program> {
        let mut folders = self.folder.map(|pattern| matching(root, pattern)).unwrap_or_default();
        // The highest version last.
        folders.sort();
        folders.reverse();
        if root == Path::new("/") {
            folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        }
        folders.extend(["usr/bin", "usr/sbin", "usr/local/bin"].map(|folder| root.join(folder)));
        let path = folders.into_iter().map(|folder| folder.join(self.program)).find(|path| path.is_file())?;
        Some(Program::at(path))
    }

    fn install(&self) -> Result<Program, String> {
        let advice = format!("`{}` is missing; install the Debian package `{}`", self.program, self.package);
        if id("-u", None)? == "0" {
            run(Command::new("apt-get").args(["install", "-y", "--no-install-recommends", self.package]))
                .map_err(|error| format!("{advice}: {error}"))?;
            return self.find(Path::new("/")).ok_or(advice);
        }
        self.unpack(&cache()).map_err(|error| format!("{advice}: {error}"))
    }

    /// Downloads and unpacks the package and what it depends on and is not installed.
    ///
    /// # Errors
    /// Why it could not be had.
    pub fn unpack(&self, cache: &Path) -> Result<Program, String> {
        let root = cache.join(self.package);
        if self.find(&root).is_none() {
            let planned =
                run(Command::new("apt-get").args(["install", "-s", "--no-install-recommends", self.package]))?;
            let packages: Vec<&str> =
                planned.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next()).collect();
            let packages = if packages.is_empty() { vec![self.package] } else { packages };
            // Unpacked beside it and then renamed, so that nobody finds half of it.
            fs::create_dir_all(cache).map_err(|error| error.to_string())?;
            let new = tempfile::tempdir_in(cache).map_err(|error| error.to_string())?;
            run(Command::new("apt-get").arg("download").args(&packages).current_dir(&new))?;
            for file in entries(new.path()) {
                if file.extension().is_some_and(|extension| extension == "deb") {
                    run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(new.path().join("root")))?;
                }
            }
            // Somebody else may have been faster; then his are found below.
            let _ = fs::rename(new.path().join("root"), &root);
        }
        let mut program = self.find(&root).ok_or_else(|| format!("the package has no `{}`", self.program))?;
        program.libraries = ["usr/lib/*", "lib/*", "usr/lib"]
            .iter()
            .flat_map(|pattern| matching(&root, pattern))
            .filter(|folder| entries(folder).iter().any(|file| file.to_string_lossy().contains(".so")))
            .collect();
        Ok(program)
    }
}

/// Where what was fetched is kept: in the target folder, if there is one.
fn cache() -> PathBuf {
    let test = env::current_exe().unwrap_or_default();
    let target = test.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(env::temp_dir, Path::to_path_buf).join("test-servers")
}

/// The folders below `root` that fit a pattern in which `*` stands for one folder.
fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part {
            "*" => found.iter().flat_map(|folder| entries(folder)).collect(),
            part => found.into_iter().map(|folder| folder.join(part)).collect(),
        };
        found.retain(|folder| folder.is_dir());
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// What `id` says, of a user or of this one.
pub(crate) fn id(what: &str, user: Option<&str>) -> Result<String, String> {
    run(Command::new("id").arg(what).args(user)).map(|text| text.trim().to_owned())
}

/// Runs a command to its end and gives what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("`{program}` could not be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{program}` failed with {}: {}", output.status, said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
