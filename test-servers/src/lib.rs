//! Throwaway servers for tests: found on this machine or fetched from Debian, started on a free port with their data in
//! a temporary folder, and gone when the test process is, however it ends.
//!
//! Where no server can be had, a test is skipped and says so; with the variable `CI` set, it fails instead.
//!
//! PostgreSQL is the one of this machine, or of the version that `TEST_POSTGRES` says: 13, 15, 17 or 18, each as the
//! release of Debian has it that it is part of.
//!
//! ```no_run
//! use test_servers::Postgres;
//!
//! let Some(server) = Postgres::shared() else { return };
//! let url = server.database();
//! ```

pub mod debian;
mod nats;
mod postgres;
mod process;

pub use self::nats::{Nats, NatsCluster};
pub use self::postgres::{PASSWORD, Postgres, SmallDisk};
pub use self::process::{Process, free_port};

/// What `found` has; else says that tests are skipped and why.
///
/// # Panics
/// If it has nothing and the variable `CI` is set, since there nothing may be skipped.
pub fn or_skip<T>(what: &str, found: Result<T, String>) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        Err(reason) if std::env::var_os("CI").is_some() => panic!("{what} is needed where CI is set: {reason}"),
        Err(reason) => {
            println!("skipped: tests that need {what}: {reason}");
            None
        }
    }
}
