#![doc = include_str!("../../docs/application.md")]

mod application;
mod parts;
mod register;
mod start;

mod check;
mod lock;
mod problem;
mod sample;

mod running;
mod status;
mod target;
mod wait;

mod caught;
mod deadlines;
mod memory;
mod versions;

pub use self::application::{AppStore, Application, LogStore};
pub use self::problem::{Problem, StartError};
pub use self::running::{CommandError, NotPart, RunningApplication};
pub use self::sample::OnUnknown;
pub use self::status::{ApplicationStatus, DeadlineStatus, MemoryStatus};
pub use self::target::IdFor;
pub use self::versions::{Orphan, OrphanError};
pub use self::wait::WaitError;
