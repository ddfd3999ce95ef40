//! A copy of the database while it is in use.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::error::SqliteError;
use crate::open::DatabaseFile;
use crate::store::SqliteStore;

/// How many pages are copied at a time.
const PAGES: i32 = 64;

/// Why there is no copy; nothing is left of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Nothing is overwritten.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// Where the copy was to be.
        path: PathBuf,
    },
    /// The copy could not be put in its place.
    #[error("the copy could not be put at `{}`", path.display())]
    Place {
        /// Where the copy was to be.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The database could not be read, or the copy not be written or not be read back.
    #[error("the database could not be copied")]
    Store(#[from] SqliteError),
}

impl SqliteStore {
    /// Copies the database, as it is now, to a new file, while it is read and written.
    ///
    /// The copy is made by a thread of its own in a file of its own (`.1.partial` is appended, or the next number that is
    /// free), is checked, and then gets its name; so a file of that name is a whole copy.
    /// Dropping the future does not stop it; of several copies to one path the first that is whole stays, and the others
    /// end with [`BackupError::Exists`].
    ///
    /// If the process dies meanwhile, the partial file is left, and may be deleted.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        let (path, file) = (path.as_ref().to_owned(), self.shared.pool.file().clone());
        let done = Arc::new((Mutex::new(None), Event::new()));
        let (listener, thread_done) = (done.1.listen(), Arc::clone(&done));
        let thread = std::thread::Builder::new().name("es-sqlite-backup".to_owned()).spawn(move || {
            let _told = Told(Arc::clone(&thread_done));
            let copied = back_up(&file, &path);
            *thread_done.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(copied);
        });
        thread.map_err(|source| SqliteError::Thread { source: Arc::new(source) })?;
        listener.await;
        let copied = done.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        copied.unwrap_or(Err(BackupError::Store(SqliteError::Panicked)))
    }
}

type Done = (Mutex<Option<Result<(), BackupError>>>, Event);

/// Tells that the thread has ended, also if it panicked.
struct Told(Arc<Done>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.1.notify(usize::MAX);
    }
}

fn back_up(file: &DatabaseFile, path: &Path) -> Result<(), BackupError> {
    let exists = || BackupError::Exists { path: path.to_owned() };
    if path.exists() {
        return Err(exists());
    }
    let placed = |source| BackupError::Place { path: path.to_owned(), source };
    let partial = partial(path).map_err(placed)?;
    let copied = copy(file, &partial).map_err(BackupError::from).and_then(|()| {
        // Unlike a renaming, a link does not overwrite what has come meanwhile.
        fs::hard_link(&partial, path).map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => exists(),
            _ => placed(source),
        })
    });
    let removed = fs::remove_file(&partial);
    copied?;
    removed.map_err(placed)
}

/// Makes an empty file for a copy, which no other copy to the same path touches.
fn partial(path: &Path) -> io::Result<PathBuf> {
    let mut number = 1_u64;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}.partial"));
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(_) => return Ok(name.into()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn copy(file: &DatabaseFile, partial: &Path) -> Result<(), SqliteError> {
    let source = file.reader()?;
    // The snapshot is kept until the end, so that what is appended meanwhile does not start the copy again.
    source.execute_batch("BEGIN")?;
    let events = "SELECT count(*) FROM events";
    let expected: i64 = source.query_row(events, [], |row| row.get(0))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(partial, flags)?;
    let backup = Backup::new(&source, &mut target)?;
    while backup.step(PAGES)? != StepResult::Done {}
    drop(backup);
    // One file: the copy is opened without a write-ahead log beside it.
    target.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    let check: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let found: i64 = target.query_row(events, [], |row| row.get(0))?;
    if check != "ok" || found != expected {
        return Err(SqliteError::broken(format!("the copy has {found} of {expected} events: {check}")));
    }
    Ok(())
}
