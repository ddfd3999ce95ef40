//! A PostgreSQL server of its own, with a database for each test.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::debian::{Program, Wanted, id, run, whole_of_release};
use crate::or_skip;
use crate::process::{Process, free_port};

/// The password of the superuser `postgres`, who is not asked for it on the loopback address.
pub const PASSWORD: &str = "secret";

/// The superuser is trusted, since the hashes of a password take long in a debug build; others are not.
const ACCESS: &str = "local all all trust\n\
    local replication postgres trust\n\
    host all postgres 127.0.0.1/32 trust\n\
    host all all 127.0.0.1/32 scram-sha-256\n";

/// Says which version of PostgreSQL is to be run, if it is not to be the one of this machine.
const VERSION: &str = "TEST_POSTGRES";

/// The versions that Debian has, and in which release.
const RELEASES: [(&str, &str); 4] = [("13", "bullseye"), ("15", "bookworm"), ("17", "trixie"), ("18", "forky")];

/// A running server; stopped when it is dropped, and its data removed.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    program: Program,
    folder: PathBuf,
    port: u16,
    settings: Vec<String>,
    databases: AtomicU32,
}

impl Postgres {
    /// The server that all tests of this process share; it does not sync the disk. `None` if there is no PostgreSQL.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Postgres>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[("fsync", "off"), ("max_connections", "400")])).as_ref()
    }

    /// A server of one's own with these settings. `None` if there is no PostgreSQL.
    pub fn start(settings: &[(&str, &str)]) -> Option<Self> {
        or_skip("PostgreSQL", Self::try_start(settings))
    }

    /// A server of one's own that encrypts with this certificate and key, both as PEM. `None` if there is no PostgreSQL.
    pub fn encrypted(certificate: &str, key: &str) -> Option<Self> {
        or_skip("PostgreSQL", Self::try_start_with(&[("fsync", "off"), ("ssl", "on")], Some((certificate, key))))
    }

    fn try_start(settings: &[(&str, &str)]) -> Result<Self, String> {
        Self::try_start_with(settings, None)
    }

    fn try_start_with(settings: &[(&str, &str)], identity: Option<(&str, &str)>) -> Result<Self, String> {
        let postgres = program()?;
        let folder = tempfile::Builder::new().prefix("test-postgres-").tempdir().map_err(|error| error.to_string())?;
        let user = unprivileged()?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        fs::write(folder.path().join("password"), PASSWORD).map_err(|error| error.to_string())?;
        let mut initdb = postgres.sibling("initdb").command();
        initdb.arg("-D").arg(folder.path().join("data")).arg("--pwfile").arg(folder.path().join("password"));
        initdb.args(["-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8"]);
        initdb.args(["--locale=C", "--no-sync"]);
        if run(postgres.command().arg("--version"))?.rsplit(' ').next().is_some_and(|version| version >= "15") {
            // Sorts as people do, so that whoever relies on the order of bytes must say so.
            initdb.args(["--locale-provider=icu", "--icu-locale=en-US"]);
        }
        run(&mut as_user(user, &initdb))?;
        fs::write(folder.path().join("data/pg_hba.conf"), ACCESS).map_err(|error| error.to_string())?;
        if let Some((certificate, key)) = identity {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let path = folder.path().join("data").join(name);
                fs::write(&path, text).map_err(|error| error.to_string())?;
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(|error| error.to_string())?;
                if let Some((uid, gid)) = user {
                    chown(&path, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
                }
            }
        }
        let settings = settings.iter().map(|(name, value)| format!("--{name}={value}")).collect();
        let folder = folder.keep();
        let mut server =
            Self { process: None, program: postgres, folder, port: 0, settings, databases: AtomicU32::new(0) };
        let started = server.launch();
        if started.is_err() {
            let _ = fs::remove_dir_all(&server.folder);
        }
        started.map(|()| server)
    }

    fn launch(&mut self) -> Result<(), String> {
        let mut last = String::new();
        // Somebody else may take the port before the server does.
        for _ in 0..5 {
            if self.port == 0 {
                self.port = free_port()?;
            }
            let mut command = self.program.command();
            command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
            command.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]).args(&self.settings);
            let process = Process::start(&self.folder, "QUIT", &as_user(unprivileged()?, &command))?;
            let ready = process.wait_until(|| self.try_psql("postgres", "SELECT 1").is_ok());
            match ready {
                Ok(()) => {
                    self.process = Some(process);
                    return Ok(());
                }
                Err(error) if error.contains("Address already in use") => {
                    process.kill();
                    (self.port, last) = (0, error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// A hot standby of this server, which follows it and takes no writes until [`promote`](Self::promote).
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn standby(&self) -> Self {
        self.try_standby().unwrap_or_else(|error| panic!("a standby: {error}"))
    }

    fn try_standby(&self) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("test-postgres-").tempdir().map_err(|error| error.to_string())?;
        let user = unprivileged()?;
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let mut copy = self.program.sibling("pg_basebackup").command();
        copy.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string(), "-U", "postgres", "-c", "fast", "-R"]);
        copy.args(["--no-sync", "-D"]).arg(folder.path().join("data"));
        run(&mut as_user(user, &copy))?;
        let (program, folder, settings) = (self.program.clone(), folder.keep(), self.settings.clone());
        let mut standby = Self { process: None, program, folder, port: 0, settings, databases: AtomicU32::new(0) };
        standby.launch()?;
        Ok(standby)
    }

    /// Makes a standby a server that takes writes.
    ///
    /// # Panics
    /// If it does not become one.
    pub fn promote(&self) {
        assert_eq!(self.psql("postgres", "SELECT pg_promote()"), "t", "the standby is not promoted");
    }

    /// A tablespace on a disk of its own of so many MiB. `None`, said plainly, if no disk can be made: that takes root.
    ///
    /// # Panics
    /// If the server does not take it.
    pub fn small_disk(&self, mebibytes: u32) -> Option<SmallDisk> {
        let folder = self.folder.join("small");
        let mounted = fs::create_dir(&folder).map_err(|error| error.to_string()).and_then(|()| {
            let size = format!("size={mebibytes}m");
            run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder))
        });
        if let Err(error) = mounted {
            println!("skipped: tests of a full disk, which is a small one that only root may mount: {error}");
            return None;
        }
        let disk = SmallDisk(folder);
        if let Ok(Some((uid, gid))) = unprivileged() {
            chown(&disk.0, Some(uid), Some(gid)).unwrap_or_else(|error| panic!("the disk: {error}"));
        }
        self.psql("postgres", &format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display()));
        Some(disk)
    }

    /// A new, empty database; its URL.
    ///
    /// # Panics
    /// If the server does not make it.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of a database for the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &Path {
        &self.folder
    }

    /// Runs SQL as the superuser, and gives what `psql` prints of its result.
    ///
    /// # Panics
    /// If it fails.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The same, or what `psql` says instead.
    ///
    /// # Errors
    /// What `psql` says.
    pub fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = self.program.sibling("psql").command();
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres"]).arg("-h").arg(&self.folder);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]);
        run(&mut psql).map(|text| text.trim_end().to_owned())
    }

    /// Ends all of its processes in the midst of whatever they do.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again after [`kill`](Self::kill), at the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.launch().unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.take().is_none() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A disk that fills soon; gone when it is dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Makes room.
    ///
    /// # Panics
    /// If it cannot.
    pub fn grow(&self, mebibytes: u32) {
        let size = format!("remount,size={mebibytes}m");
        run(Command::new("mount").args(["-o", &size]).arg(&self.0)).unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may still have its files open.
        let _ = run(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// The server of this machine; or of the version that the variable says, of the release of Debian that has it.
fn program() -> Result<Program, String> {
    if let Some(version) = std::env::var_os(VERSION) {
        let version = version.to_string_lossy().into_owned();
        let release = RELEASES.iter().find(|(has, _)| *has == version);
        let Some((_, release)) = release else {
            let known: Vec<_> = RELEASES.iter().map(|(version, _)| *version).collect();
            return Err(format!("{VERSION} is {version}, and only {} can be had", known.join(", ")));
        };
        let (package, folder) = (format!("postgresql-{version}"), format!("usr/lib/postgresql/{version}/bin"));
        return whole_of_release(release, &package, &folder, "postgres");
    }
    let wanted = Wanted { program: "postgres", folder: Some("/usr/lib/postgresql/*/bin"), package: "postgresql" };
    let found = wanted.get()?;
    // The siblings are beside the file itself, which a link may be to.
    if found.library_path().is_some() {
        return Ok(found);
    }
    found.path.canonicalize().map(Program::at).map_err(|error| error.to_string())
}

/// Whom the server is run as if this is root, as whom it refuses to run.
fn unprivileged() -> Result<Option<(u32, u32)>, String> {
    if id("-u", None)? != "0" {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| id("-u", Some(user)).is_ok());
    let number = |what| id(what, user)?.parse().map_err(|_| "`id` gives no number".to_owned());
    Ok(Some((number("-u")?, number("-g")?)))
}

fn as_user(user: Option<(u32, u32)>, command: &Command) -> Command {
    let mut whole = match user {
        None => Command::new(command.get_program()),
        Some((uid, gid)) => {
            let mut setpriv = Command::new("setpriv");
            setpriv.args([format!("--reuid={uid}"), format!("--regid={gid}")]).arg("--clear-groups");
            setpriv.arg(command.get_program());
            setpriv
        }
    };
    whole.args(command.get_args()).current_dir("/");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            whole.env(name, value);
        }
    }
    whole
}
