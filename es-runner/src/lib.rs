#![doc = include_str!("../../docs/running.md")]

mod options;
mod status;

mod runner;
mod running;

mod batch;
mod blame;
mod board;
mod command;
mod driver;
mod handover;
mod repair;
mod run;

mod attempt;
mod lanes;
mod pages;
mod parking;

mod first;
mod random;
mod shared;
mod trouble;
mod wait;

pub use self::command::{ControlError, Retried};
pub use self::options::{Backoff, OnFailure, Options};
pub use self::runner::{Runner, StartError};
pub use self::running::Running;
pub use self::status::{Happened, Progress, State, Status, Stopped, Trend};
pub use self::wait::WaitError;
