//! Opening the file: what is refused, and how each connection is set up.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::SqliteError;
use crate::options::{Options, Synchronous};
use crate::schema::{MIGRATIONS, migrate};

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// Why a file was not opened; it has not been changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be made or opened.
    #[error("`{}` cannot be opened", path.display())]
    CannotOpen {
        /// The path.
        path: PathBuf,
        /// The error of SQLite.
        source: rusqlite::Error,
    },
    /// The file is not an SQLite database, or its beginning is damaged.
    #[error("`{}` is not an SQLite database", path.display())]
    NotADatabase {
        /// The path.
        path: PathBuf,
    },
    /// The database is not one of this store.
    #[error("the database belongs to another application (application id {found})")]
    AnotherApplication {
        /// The application id in the file; 0 for none.
        found: i32,
    },
    /// The file was written by a later version of this crate.
    #[error("the database has schema version {found}, this program knows those up to {known}")]
    NewerSchema {
        /// The version in the file.
        found: i64,
        /// The latest one that is known.
        known: usize,
    },
    /// The file may be read but not written.
    #[error("`{}` is read-only", path.display())]
    ReadOnly {
        /// The path.
        path: PathBuf,
    },
    /// The file is shorter than it says, or damaged otherwise.
    #[error("`{}` is damaged", path.display())]
    Corrupt {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        source: SqliteError,
    },
    /// The file cannot be used for another reason.
    #[error("the database cannot be used")]
    Store(#[source] SqliteError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A file that has been checked, and how to connect to it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) writer: Connection,
    pub(crate) file: DatabaseFile,
    pub(crate) options: Options,
}

/// Where connections come from.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseFile {
    pub(crate) path: PathBuf,
    busy_timeout: Duration,
}

impl DatabaseFile {
    /// A connection that reads.
    pub(crate) fn reader(&self) -> Result<Connection, SqliteError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }
}

/// Opens, checks and migrates.
pub(crate) fn open(path: &Path, options: Options) -> Result<Opened, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags);
    let mut writer = opened.map_err(|source| OpenError::CannotOpen { path: path.to_owned(), source })?;
    // Kept whole, so that a later change of the working directory does not lead to another file.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let checked = prepare(&mut writer, &path, &options);
    checked.map_err(|error| match error {
        OpenError::Store(SqliteError::Corrupt { source }) => match source.downcast_ref::<rusqlite::Error>() {
            Some(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
                OpenError::NotADatabase { path: path.clone() }
            }
            _ => OpenError::Corrupt { path: path.clone(), source: SqliteError::Corrupt { source } },
        },
        OpenError::Store(SqliteError::ReadOnly { .. }) => OpenError::ReadOnly { path: path.clone() },
        error => error,
    })?;
    let file = DatabaseFile { path, busy_timeout: options.busy_timeout };
    Ok(Opened { writer, file, options })
}

fn prepare(writer: &mut Connection, path: &Path, options: &Options) -> Result<(), OpenError> {
    writer.busy_timeout(options.busy_timeout)?;
    writer.set_prepared_statement_cache_capacity(STATEMENTS);
    if writer.is_readonly("main")? {
        return Err(OpenError::ReadOnly { path: path.to_owned() });
    }
    // Nothing is changed before it is clear whose file it is.
    migrate(writer, MIGRATIONS)?;
    write_ahead(writer, options.busy_timeout)?;
    whole_pages(writer, path)?;
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    writer.pragma_update(None, "synchronous", synchronous)?;
    // Where a plain sync only reaches the cache of the disk, which is so on macOS.
    writer.pragma_update(None, "fullfsync", options.synchronous == Synchronous::Full)?;
    writer.pragma_update(None, "checkpoint_fullfsync", true)?;
    // A log that grew while somebody read for long is cut back.
    writer.pragma_update_and_check(None, "journal_size_limit", 64 * 1024 * 1024, |_| Ok(()))?;
    // The pages that a commit changes stay in memory until then; KiB where it is negative.
    writer.pragma_update(None, "cache_size", -16 * 1024)?;
    if let Some(pages) = options.max_pages {
        writer.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    Ok(())
}

/// Turns the write-ahead log on, for which the file must be free of others for a moment.
fn write_ahead(writer: &Connection, busy_timeout: Duration) -> Result<(), OpenError> {
    let start = Instant::now();
    loop {
        // SQLite does not always wait by itself here.
        match writer.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(OpenError::Store(SqliteError::broken(format!("journal mode {mode}")))),
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => return Err(error.into()),
            Err(error) if start.elapsed() >= busy_timeout => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// SQLite sees that whole pages are missing at the end, but takes the missing part of a page for zeros.
fn whole_pages(writer: &Connection, path: &Path) -> Result<(), OpenError> {
    let page_size: u32 = writer.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let partial = || {
        let bytes = fs::metadata(path).map_or(0, |file| file.len());
        !bytes.is_multiple_of(page_size.into())
    };
    if partial() {
        // A crash may have left it so, and the write-ahead log still have the page.
        writer.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
        if partial() {
            return Err(OpenError::Store(SqliteError::broken("the file ends in the middle of a page")));
        }
    }
    Ok(())
}
